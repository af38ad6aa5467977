"""Folders and files as they are found: none, unreadable, of other systems, too large."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from multichannel.errors import PolicyInvalid
from multichannel.policy.decide.policy import Policy
from multichannel.policy.deployment.versions import PolicyFiles
from multichannel.policy.language.source import PolicySource
from multichannel.server.bootstrap import SHIPPED_POLICIES
from multichannel.workbench.check import check
from multichannel.workbench.check.loading import LARGEST
from tests.workbench.check.seeding import SHIPPED


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SHIPPED_POLICIES, tmp_path / "policies"))


def test_an_empty_folder_and_a_missing_one_hold_no_policy(tmp_path: Path) -> None:
    for folder, why in ((tmp_path, "contains no .polar file"), (tmp_path / "none", "is not a folder")):
        checked = check(folder)
        assert [finding.code for finding in checked.findings] == ["no-policy"]
        assert why in checked.findings[0].message
        assert not checked.loads


def test_a_file_that_is_no_text_is_told_with_the_byte_and_the_others_are_checked(folder: Path) -> None:
    (folder / "user.polar").write_bytes("# Ä\r\n# Übung ".encode() + b"\xff;\n")
    (folder / "extra.polar").write_text("multichannel(§);\n", "utf-8")

    checked = check(folder)

    told = [str(finding) for finding in checked.errors]
    assert (
        "extra.polar:1:14: error: invalid character `§` This form is not supported in policies. [syntax]"
        in told
    )
    assert (
        "user.polar:2:9: error: the byte 0xff is not valid UTF-8 Save the file as UTF-8. [unreadable]" in told
    )
    assert not checked.loads


def test_a_folder_called_like_a_policy_file_is_told(folder: Path) -> None:
    (folder / "more.polar").mkdir()

    assert [str(finding) for finding in check(folder).findings] == [
        "more.polar:1:1: error: the file cannot be read: Is a directory [unreadable]"
    ]


def test_a_hidden_file_is_no_part_of_the_policy(folder: Path) -> None:
    (folder / ".user.polar").write_text("of an editor (")

    checked = check(folder)

    assert checked.findings == ()
    assert checked.source.digest == SHIPPED.digest


def test_a_byte_order_mark_is_told(folder: Path) -> None:
    text = (folder / "user.polar").read_text("utf-8")
    (folder / "user.polar").write_text(f"\ufeff{text}", "utf-8")

    checked = check(folder)

    assert [(finding.position, finding.code) for finding in checked.findings] == [
        ("user.polar:1:1", "unreadable")
    ]
    assert not checked.loads


HIDDEN = {
    "turned around": ("# R1: for \u202eanybody.", "user.polar:1:11", "U+202E, right-to-left override"),
    "without width": ("# R1: any\u200bbody.", "user.polar:1:10", "U+200B, zero width space"),
    "filled": ("# R1: any\u3164body.", "user.polar:1:10", "U+3164, hangul filler"),
    "the end of a line that editors do not show": (
        '# R1.\rgrant(role, "self", "disable", _: User) if user_manager(role);',
        "user.polar:1:6",
        "U+000D, carriage return",
    ),
}


@pytest.mark.parametrize(("line", "position", "name"), HIDDEN.values(), ids=HIDDEN)
def test_a_character_that_nobody_sees_is_an_error_to_check_and_to_the_service(
    folder: Path, line: str, position: str, name: str
) -> None:
    path = folder / "user.polar"
    path.write_bytes(f"{line}\n".encode() + path.read_bytes())

    checked = check(folder)

    told = [(each.position, each.message) for each in checked.errors if each.code == "hidden-character"]
    assert told == [(position, f"there is an invisible character ({name})")]
    with pytest.raises(PolicyInvalid, match=r"^user\.polar:1: there is an invisible character"):
        PolicyFiles.read(folder)
    with pytest.raises(PolicyInvalid, match=r"^user\.polar:1: there is an invisible character"):
        Policy(PolicySource(tuple({**dict(SHIPPED.texts), "user.polar": path.read_bytes().decode()}.items())))


def test_a_character_that_nobody_sees_in_a_case_is_an_error(folder: Path) -> None:
    path = folder / "user.cases.yaml"
    path.write_text(f"# \u2066x\n{path.read_text('utf-8')}", "utf-8")

    assert [(each.position, each.code) for each in check(folder).findings] == [
        ("user.cases.yaml:1:3", "hidden-character")
    ]


@pytest.mark.parametrize(
    "name", ["more/extra.polar", "extra.POLAR", "more/user.cases.yaml", "user.cases.yml", "Invariants.yaml"]
)
def test_a_file_that_would_not_be_read_is_an_error_to_check_and_to_the_service(
    folder: Path, name: str
) -> None:
    (folder / "more").mkdir()
    (folder / name).write_text("# Nothing.\n", "utf-8")

    told = check(folder)

    assert [(each.file, each.code) for each in told.findings] == [(name, "unread")]
    assert not told.loads
    with pytest.raises(PolicyInvalid, match=f"^{name}: this file is not read: "):
        PolicyFiles.read(folder)


def test_lines_that_end_as_on_windows_change_nothing(folder: Path) -> None:
    for path in folder.glob("*.polar"):
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))

    checked = check(folder)

    assert checked.findings == ()
    assert checked.source.digest == SHIPPED.digest


def test_a_file_of_two_megabytes_is_refused_without_reading_it(folder: Path) -> None:
    (folder / "large.polar").write_text("# nothing\n" * 200_000)

    checked = check(folder)

    assert [str(finding) for finding in checked.findings] == [
        (
            f"large.polar:1:1: error: the file has 2,000,000 bytes; the maximum is {LARGEST:,} "
            "Split the file. [too-large]"
        )
    ]
