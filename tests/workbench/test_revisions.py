from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from multichannel.errors import BadInput, PolicyInvalid
from multichannel.policy.language.source import PolicySource
from multichannel.server.bootstrap import SHIPPED_POLICIES
from multichannel.workbench.revisions import revision

NO_REVISION = "is neither a folder nor a git revision: no such revision in this git repository."


def git(*arguments: str) -> None:
    """Run git as somebody, whoever works here."""
    options = ("user.name=reviewer", "user.email=reviewer@alder.example", "commit.gpgsign=false")
    somebody = [word for option in options for word in ("-c", option)]
    subprocess.run(("git", *somebody, *arguments), check=True, capture_output=True)  # noqa: S607  (any git)


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository of the shipped policy in `rules`: two edits are committed, a third is not."""
    monkeypatch.chdir(tmp_path)
    git("init", "--initial-branch=main")
    shutil.copytree(SHIPPED_POLICIES, tmp_path / "rules")
    for number in range(3):
        with (tmp_path / "rules" / "user.polar").open("a", encoding="utf-8") as file:
            file.write(f"# Edit {number}.\n")
        if number < 2:
            git("add", ".")
            git("commit", "--message", f"Edit {number}")
    return tmp_path


def last_line(source: PolicySource) -> str:
    return dict(source.texts)["user.polar"].splitlines()[-1]


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("rules", "# Edit 2."),
        ("HEAD", "# Edit 1."),
        ("main", "# Edit 1."),
        ("HEAD~1", "# Edit 0."),
        ("HEAD~1:rules", "# Edit 0."),
        ("HEAD:./rules/", "# Edit 1."),
    ],
)
def test_a_version_is_what_its_name_says(repository: Path, name: str, line: str) -> None:
    found = revision(name, repository / "rules")

    assert last_line(found.source) == line
    assert len(found.source.texts) == len(list(SHIPPED_POLICIES.glob("*.polar")))
    assert (found.folder is None) == (name != "rules")


@pytest.mark.parametrize(
    ("name", "error", "said"),
    [
        ("nowhere", BadInput, f"'nowhere' {NO_REVISION}"),
        ("--output=x", BadInput, f"'--output=x' {NO_REVISION}"),
        ("", BadInput, f"'' {NO_REVISION}"),
        ("HEAD:attic", PolicyInvalid, "HEAD:attic: no folder attic in HEAD"),
        (".", PolicyInvalid, ".: . contains no policy: there is no .polar file in it"),
    ],
)
def test_what_is_no_version_is_refused(
    repository: Path, name: str, error: type[Exception], said: str
) -> None:
    with pytest.raises(error) as refusal:
        revision(name, repository / "rules")

    assert str(refusal.value) == said
    assert not (repository / "x").exists()


def test_there_are_no_revisions_outside_of_a_repository(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))

    with pytest.raises(BadInput, match="not inside a git repository"):
        revision("HEAD", tmp_path)


def test_a_version_that_does_not_load_is_named(repository: Path) -> None:
    (repository / "rules" / "user.polar").write_text("grant(\n", "utf-8")

    with pytest.raises(PolicyInvalid, match=r"^rules: "):
        revision("rules", repository / "rules").load()
