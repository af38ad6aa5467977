"""`policy rollback`: an earlier version is pinned; the files of the policy folder are not modified."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from multichannel.policy.deployment.reloader import Reloader
from tests.cli.shell import Run
from tests.policy.authoring import Author


@pytest.fixture
def author(tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> Author:
    """An author whose folders the settings name; `run` runs commands elsewhere."""
    author = Author(tmp_path)
    author.begins()
    monkeypatch.setenv("MULTICHANNEL_POLICY_DIR", str(author.folder))
    monkeypatch.setenv("MULTICHANNEL_POLICY_VERSIONS", str(author.versions.folder))
    assert run is not None
    return author


def serving(author: Author, *edits: str) -> tuple[Reloader, list[str]]:
    """A service that has seen the policy as it begins and after each edit, with their digests."""
    service, digests = author.serves(), [author.digest]
    for edit in edits:
        digests.append(author.edits(edit))
        service.reload()
    return service, digests


def in_force(service: Reloader) -> str:
    service.reload()
    return service.live.current().digest


def told(run: Run, *arguments: str) -> dict[str, Any]:
    code, out, err = run("policy", "rollback", *arguments, "--format", "json")
    assert (code, err) == (0, "")
    answer: dict[str, Any] = json.loads(out)
    return answer


def test_without_a_digest_each_rollback_goes_one_version_further_back(author: Author, run: Run) -> None:
    service, (first, second, third) = serving(author, "second", "third")
    texts = {path: path.read_bytes() for path in author.folder.iterdir()}

    code, out, err = run("policy", "rollback")
    assert (code, err) == (0, "")
    assert out.startswith(f"Rolled back to policy {second[:12]}. ")
    assert in_force(service) == second

    assert told(run)["pinned"] == first
    assert in_force(service) == first

    code, out, err = run("policy", "rollback")
    assert (code, out, err) == (1, "", "There is no earlier policy version to roll back to.\n")
    assert in_force(service) == first

    assert run("policy", "rollback", "--release") == (
        0,
        "Rollback released: services follow the policy folder again.\n",
        "",
    )
    assert in_force(service) == third
    assert run("policy", "rollback", "--release") == (0, "No rollback is active.\n", "")
    assert {path: path.read_bytes() for path in author.folder.iterdir()} == texts


def test_a_version_is_named_by_how_its_digest_begins(author: Author, run: Run) -> None:
    service, (first, *_) = serving(author, "second", "third")

    assert told(run, first[:8])["policy_sha256"] == first
    assert in_force(service) == first


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("beef" * 16,), "No kept version begins with "),
        (("",), "The digest is empty."),
        (("--list", "--release"), "use only one of a digest, --list and --release"),
        (("abc", "--list"), "use only one of a digest, --list and --release"),
    ],
)
def test_what_names_no_version_is_refused_and_pins_nothing(
    author: Author, run: Run, arguments: tuple[str, ...], says: str
) -> None:
    serving(author, "second")

    code, out, err = run("policy", "rollback", *arguments)

    assert (code, out) == (2, "")
    assert says in " ".join(err.replace("│", " ").split())
    assert author.versions.pin is None


def test_a_pin_that_cannot_be_written_leaves_nothing_behind(author: Author, run: Run) -> None:
    serving(author, "second")
    kept = author.versions.folder
    (kept / "pin.json").mkdir()
    before = {path.name for path in kept.iterdir()}

    code, out, err = run("policy", "rollback")

    assert (code, out) == (1, "")
    assert " ".join(err.split()) == f"{kept} cannot be written, nothing was rolled back: Is a directory"
    assert {path.name for path in kept.iterdir()} - before <= {".lock"}


def test_a_folder_is_named_as_it_is_written(author: Author, run: Run) -> None:
    serving(author, "second")
    folder = shutil.copytree(author.folder, author.folder.with_name("policy [red]"))

    code, out, _ = run("policy", "rollback", "--policy", str(folder))

    assert code == 0
    assert "[red]" in out


def test_the_list_tells_what_is_in_force_and_what_the_folder_holds(author: Author, run: Run) -> None:
    _, (first, second) = serving(author, "second")
    run("policy", "rollback")

    answer = told(run, "--list")
    assert (answer["command"], answer["schema_version"]) == ("policy rollback", 1)
    assert (answer["policy_sha256"], answer["pinned"], answer["folder"]) == (first, first, second)
    assert [(each["digest"], each["states"]) for each in answer["versions"]] == [
        (second, ["in the policy folder"]),
        (first, ["current", "pinned"]),
    ]
    lines = run("policy", "rollback", "--list")[1].splitlines()
    assert [line.split()[0] for line in lines[1:]] == [second[:12], first[:12]]
    assert lines[2].rstrip().endswith("current, pinned")


def test_where_nothing_was_in_force_there_is_nothing_to_list_or_to_go_back_to(
    author: Author, run: Run
) -> None:
    assert run("policy", "rollback", "--list") == (0, "No policy version has been active yet.\n", "")
    assert run("policy", "rollback") == (1, "", "There is no earlier policy version to roll back to.\n")
    assert not author.versions.folder.exists()


def test_a_pin_holds_over_what_services_had_last_whatever_folder_is_given(
    author: Author, run: Run, tmp_path: Path
) -> None:
    service, (first, _) = serving(author, "second")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()

    told(run, "--policy", str(elsewhere))

    assert in_force(service) == first


def test_a_rollback_over_a_bad_policy_lasts_until_there_is_a_better_one(author: Author, run: Run) -> None:
    service, (first, second) = serving(author, "second")
    author.breaks()
    service.reload()

    assert told(run)["pinned"] == first
    assert in_force(service) == first
    assert service.live.state.problem is None

    assert author.edits("second") == second
    assert in_force(service) == first
    third = author.edits("third")
    assert in_force(service) == third
