"""The exercises of `policies/README.md`: their edits made, their commands run, their answers as told."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

import pytest

from tests.cli.conftest import run
from tests.cli.shell import Run

__all__ = ["run"]

POLICIES = Path(__file__).parents[2] / "policies"
LESSON = (POLICIES / "README.md").read_text("utf-8")
COMMAND = Path(sys.executable).with_name("multichannel")
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
EDITED = re.compile(r"[Ii]n `lesson/([\w.]+)`")


@dataclass(frozen=True)
class Exercise:
    """What a reader is asked to do, and what is told to come of it."""

    title: str
    file: str | None
    before: str
    after: str
    command: str
    told: tuple[str, ...]


def exercises() -> Iterator[Exercise]:
    for section in LESSON.split("\n### ")[1:]:
        title, _, text = section.partition("\n")
        blocks = {found[1]: found[2] for found in BLOCK.finditer(text)}
        edited = EDITED.search(text)
        change = blocks.get("diff", "").splitlines()
        yield Exercise(
            title,
            edited[1] if edited else None,
            "".join(f"{line[1:]}\n" for line in change if line[0] in " -"),
            "".join(f"{line[1:]}\n" for line in change if line[0] in " +"),
            blocks["sh"].strip(),
            tuple(blocks["text"].splitlines()),
        )


EXERCISES = list(exercises())
SLOW = {"5. A role too many", "8. What does it mean?"}
"""All cases are run, and all verdicts compared; tests/workbench does both in every run."""


def words(line: str) -> str:
    """A line without the lines of a drawing, and one space for many."""
    return " ".join(re.sub(r"^[\s│├└─|^~]+|[\s]+$", "", line).split())


def missing(told: tuple[str, ...], printed: str) -> list[str]:
    """The told lines that do not come in this order in what was printed; `…` stands for anything."""
    lines = iter([words(line) for line in printed.splitlines()])
    lost = []
    for line in told:
        if line == "…":
            continue
        pattern = re.compile(".*".join(map(re.escape, words(line).split("…"))))
        if not any(pattern.search(each) for each in lines):
            lost.append(line)
    return lost


def test_there_are_as_many_exercises_as_ten_minutes_hold() -> None:
    assert [each.title.split(".")[0] for each in EXERCISES] == [str(number) for number in range(1, 9)]


def arguments_of(command: str) -> list[str]:
    name, *arguments = command.split()
    assert name == "multichannel"
    return arguments


def run_installed(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a command of the lesson in the folder that holds `policies` and `lesson`."""
    return subprocess.run(
        [COMMAND, *arguments_of(command)],
        cwd=folder,
        env={"MULTICHANNEL_POLICY_DIR": "lesson", "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
        timeout=200,
    )


@pytest.fixture(scope="module")
def unchanged(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], subprocess.CompletedProcess[str]]:
    """The answer to a command about an unchanged copy, asked once."""
    folder = tmp_path_factory.mktemp("unchanged")
    for name in ("policies", "lesson"):
        shutil.copytree(POLICIES, folder / name)
    return cache(partial(run_installed, folder=folder))


def prepare(exercise: Exercise, folder: Path) -> None:
    """Copy the policies as the lesson says, and make the edit of the exercise."""
    shutil.copytree(POLICIES, folder / "policies")
    lesson = Path(shutil.copytree(POLICIES, folder / "lesson"))
    if exercise.file is not None:
        text = (lesson / exercise.file).read_text("utf-8")
        assert text.count(exercise.before) == 1
        (lesson / exercise.file).write_text(text.replace(exercise.before, exercise.after), "utf-8")


@pytest.mark.parametrize(
    "exercise",
    [pytest.param(each, marks=pytest.mark.long if each.title in SLOW else ()) for each in EXERCISES],
    ids=lambda each: each.title,
)
def test_the_exercise_comes_out_as_told(
    exercise: Exercise, tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare(exercise, tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MULTICHANNEL_POLICY_DIR", "lesson")

    _, out, err = run(*arguments_of(exercise.command))

    assert missing(exercise.told, out) == [], out + err
    assert err == ""


def test_the_installed_command_answers_as_told(tmp_path: Path) -> None:
    exercise = EXERCISES[0]
    prepare(exercise, tmp_path)

    answer = run_installed(exercise.command, tmp_path)

    assert missing(exercise.told, answer.stdout) == [], answer.stdout + answer.stderr
    assert answer.stderr == ""


@pytest.mark.long
@pytest.mark.parametrize("exercise", [each for each in EXERCISES if each.file], ids=lambda each: each.title)
def test_without_its_edit_the_answer_is_another(
    exercise: Exercise, unchanged: Callable[[str], subprocess.CompletedProcess[str]]
) -> None:
    answer = unchanged(exercise.command)

    assert missing(exercise.told, answer.stdout) != []
    assert answer.returncode == 0, answer.stdout + answer.stderr


def test_every_rule_that_is_quoted_stands_in_the_policy() -> None:
    shipped = "\n".join(path.read_text("utf-8") for path in POLICIES.glob("*.polar"))
    for kind, text in BLOCK.findall(LESSON):
        if kind == "polar":
            for statement in filter(None, (each.strip() for each in re.split(r"(?<=;)\n", text))):
                assert statement in shipped


def test_every_file_that_is_named_is_there() -> None:
    table = LESSON.partition("## How to read")[0]
    named = re.findall(r"`([\w.]+\.(?:polar|yaml|md))`", table)

    assert [name for name in named if not (POLICIES / name).is_file()] == []
    assert {"main.polar", "system.polar", "cast.yaml", "MATRIX.md"} <= set(named)
