"""Every policy that was current is kept; one that is pinned goes before what the author's folder holds."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from multichannel.errors import BadInput, PolicyInvalid
from multichannel.policy.deployment.reloader import Reloader
from multichannel.policy.deployment.versions import KEPT, PIN, PolicyFiles, RollbackPin, Versions
from tests.policy.authoring import FAILS, HOLDS, Author

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def files(number: int) -> PolicyFiles:
    """One of many policies, of which nothing but their texts matters."""
    return PolicyFiles((("cast.yaml", "alder: {}\n"), ("main.polar", f"# {number}\n")))


def in_order(versions: Versions) -> list[str]:
    """The digests, as kept."""
    return [version.digest for version in versions.kept()]


def test_what_was_in_force_is_kept_whole_and_what_was_refused_is_not(author: Author) -> None:
    author.claims(HOLDS)
    first = author.digest
    reloader = author.serves()
    second = author.edits("second")
    reloader.reload()
    author.breaks()
    reloader.reload()
    author.edits("third")
    author.claims(FAILS)
    reloader.reload()

    assert in_order(author.versions) == [second, first]
    kept = author.versions.read(author.versions.kept()[0].kept_as)
    assert [name for name, _ in kept.texts] == [
        "cast.yaml", "choices.polar", "main.polar", "roles.polar", "service.cases.yaml", "system.polar",
        "user.polar",
    ]  # fmt: skip
    assert kept.source.digest == second
    assert kept.digest == author.versions.kept()[0].kept_as


def test_a_policy_that_is_in_force_again_is_the_last(author: Author) -> None:
    first = author.edits("first")
    reloader = author.serves()
    second = author.edits("second")
    reloader.reload()
    author.edits("first")
    reloader.reload()

    assert in_order(author.versions) == [first, second]


def test_a_version_whose_cases_held_is_put_in_force_without_running_them_again(
    author: Author, monkeypatch: pytest.MonkeyPatch
) -> None:
    author.claims(HOLDS)
    author.serves()
    monkeypatch.setattr("multichannel.policy.deployment.gate.run_cases", None)

    assert author.serves().live.current().digest == author.digest
    author.claims(f"{HOLDS}, may_not: {{}}")
    with pytest.raises(PolicyInvalid, match="NoneType"):
        author.serves()


def test_the_newest_are_kept_and_the_pinned_one(author: Author) -> None:
    versions = author.versions
    for number in range(KEPT):
        versions.keep(files(number), NOON + timedelta(minutes=number))
    versions.set_pin(RollbackPin(files(0).digest, frozenset(), NOON))

    versions.keep(files(100), NOON + timedelta(hours=1))
    versions.keep(files(101), NOON + timedelta(hours=2))

    expected = [101, 100, *reversed(range(2, KEPT)), 0]
    assert in_order(versions) == [files(number).source.digest for number in expected]


def test_several_processes_keep_one_version_at_once(author: Author) -> None:
    def keep(_process: int) -> None:
        Versions(author.versions.folder).keep(files(1), NOON)

    with ThreadPoolExecutor(8) as processes:
        list(processes.map(keep, range(40)))

    assert [path.name for path in author.versions.folder.iterdir()] == [files(1).digest]
    assert author.versions.read(files(1).digest) == files(1)


def test_a_version_that_was_changed_is_none(author: Author) -> None:
    author.versions.keep(files(1), NOON)
    (author.versions.place(files(1).digest) / "main.polar").write_text("# another\n")

    assert author.versions.kept() == ()
    assert not author.versions.has_proved(files(1))
    with pytest.raises(PolicyInvalid, match="has changed since it was stored"):
        author.versions.read(files(1).digest)


def test_a_prefix_names_one_version(author: Author) -> None:
    for number in range(KEPT):
        author.versions.keep(files(number), NOON)
    digest = files(7).source.digest
    firsts = Counter(files(number).source.digest[0] for number in range(KEPT))
    [(shared, _)] = firsts.most_common(1)

    assert author.versions.find(digest[:12].upper()).digest == digest
    with pytest.raises(BadInput, match="No kept version begins with xyz"):
        author.versions.find("xyz")
    with pytest.raises(BadInput, match="More than one version begins with "):
        author.versions.find(shared)


def test_a_pinned_version_is_in_force_in_every_process_until_it_is_released(author: Author) -> None:
    first = author.digest
    workers = [author.serves(), author.serves()]
    second = author.edits("second")
    for worker in workers:
        worker.reload()

    author.pins(first)
    for worker in workers:
        worker.reload()
        assert (worker.live.current().digest, worker.live.state.pinned) == (first, True)
        assert worker.live.state.problem is None

    assert author.versions.release()
    for worker in workers:
        worker.reload()
        assert (worker.live.current().digest, worker.live.state.pinned) == (second, False)
    assert not author.versions.release()


def test_a_pin_survives_a_restart(author: Author) -> None:
    first = pinned_over_second(author)

    again = author.serves()

    assert (again.live.current().digest, again.live.state.pinned) == (first, True)
    assert Reloader(author.folder, author.versions, author.clock).live.current().digest == first


def test_a_pin_is_over_when_the_author_has_another_policy(author: Author) -> None:
    pinned_over_second(author)
    workers = [author.serves(), author.serves()]

    third = author.edits("third")
    for worker in workers:
        worker.reload()

    assert author.versions.pin is None
    for worker in workers:
        assert (worker.live.current().digest, worker.live.state.pinned) == (third, False)
        state = worker.live.state
        worker.reload()
        assert worker.live.state is state


def test_the_policy_that_a_pin_was_set_over_counts_when_the_author_goes_back_to_it_later(
    author: Author,
) -> None:
    pinned_over_second(author)
    worker = author.serves()
    author.edits("third")
    worker.reload()

    second = author.edits("second")
    worker.reload()

    assert (worker.live.current().digest, worker.live.state.pinned) == (second, False)


@pytest.mark.parametrize("restarted", [False, True])
def test_a_pin_stays_while_the_author_has_nothing_that_proves_itself(
    author: Author, *, restarted: bool
) -> None:
    first = pinned_over_second(author)
    worker = author.serves()

    author.breaks()
    worker.reload()
    worker = author.serves() if restarted else worker

    state = worker.live.state
    assert (state.policy.digest, state.pinned) == (first, True)
    assert state.problem is not None
    assert (state.problem.file, state.problem.line) == ("user.polar", 2)
    assert author.versions.pin is not None


def test_new_cases_of_the_same_policy_do_not_end_a_pin(author: Author) -> None:
    first = pinned_over_second(author)
    worker = author.serves()

    author.claims(HOLDS)
    worker.reload()

    assert (worker.live.current().digest, worker.live.state.pinned) == (first, True)


def test_a_pinned_version_that_is_gone_leaves_the_authors_policy_in_force(author: Author) -> None:
    first = author.digest
    worker = author.serves()
    second = author.edits("second")
    worker.reload()
    author.pins(first)
    pin = author.versions.pin
    assert pin is not None
    shutil.rmtree(author.versions.place(pin.kept_as))

    worker.reload()

    state = worker.live.state
    assert (state.policy.digest, state.pinned) == (second, False)
    assert state.problem is not None
    assert "No such file" in state.problem.message


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "{}", '{"version": "../x", "over": [], "since": "2026-01-01"}'],
)  # fmt: skip
def test_a_pin_that_says_nothing_pins_nothing(author: Author, content: str) -> None:
    author.versions.keep(files(1), NOON)
    (author.versions.folder / PIN).write_text(content)

    assert author.versions.pin is None
    assert author.serves().live.current().digest == author.digest


def test_a_pin_that_was_set_meanwhile_is_not_released_for_the_former(author: Author) -> None:
    author.versions.keep(files(1), NOON)
    former, later = (
        RollbackPin(files(1).digest, frozenset(), NOON + timedelta(hours=hour)) for hour in (0, 1)
    )
    author.versions.set_pin(former)
    author.versions.set_pin(later)

    assert not author.versions.release(former)
    assert author.versions.pin == later
    assert sorted(json.loads((author.versions.folder / PIN).read_text())) == ["over", "since", "version"]


def test_without_a_folder_for_versions_all_else_works_and_one_warning_is_logged(
    author: Author, caplog: pytest.LogCaptureFixture
) -> None:
    author.versions.folder.write_text("no folder")
    author.claims(HOLDS)
    reloader = author.serves()
    second = author.edits("second")
    reloader.reload()

    assert reloader.live.current().digest == second
    [message] = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert message.startswith("policy versions cannot be stored, so rollback is not available: ")


def pinned_over_second(author: Author) -> str:
    """The author has a second policy, and the first is pinned: its digest."""
    first = author.digest
    worker = author.serves()
    author.edits("second")
    worker.reload()
    author.pins(first)
    return first
