from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from multichannel.store import migrations
from tests.workbench.suites import USERS, edited, users
from tests.workbench.test_coverage import git

Run = Callable[..., tuple[int, str, str]]
GRANT = 'grant("global_admin", "self", "update_roles", _: User);'
SWAPPED = "user.update_roles.self.sales_agent"
LOST = "user.update_roles.self.global_admin.denied"
NAME = "invariant.a_sales_agent_gives_roles"
LINE = USERS[: USERS.index(GRANT)].count("\n") + 1
NEVER = """
invariants:
  - {never: a sales agent gives roles, rules: [R8], who: {roles: sales_agent}, may: update_roles, what: User}
"""


@pytest.fixture
def old(tmp_path: Path) -> Path:
    return users(tmp_path / "old")


@pytest.fixture
def new(tmp_path: Path) -> Path:
    """The policy about users, where sales agents give roles instead of global admins."""
    swapped = edited(USERS, GRANT, GRANT.replace("global_admin", "sales_agent"))
    return users(tmp_path / "new", policy=swapped)


@pytest.fixture
def diff(run: Run, old: Path, new: Path) -> Run:
    """Compare the policy with the new one."""

    def command(*arguments: str) -> tuple[int, str, str]:
        return run("policy", "diff", str(old), str(new), *arguments)

    return command


def test_json_has_all_that_is_told(diff: Run) -> None:
    code, out, _ = diff("--format", "json")

    body = json.loads(out)
    assert code == 1
    assert body["schema_version"] == 1
    assert body["command"] == "policy diff"
    assert body["counts"] == {"newly-allowed": 1, "newly-denied": 1, "changed-reason": 0}
    allowed, denied = body["changes"]
    assert (allowed["names"], denied["names"]) == ([SWAPPED], [LOST])
    assert allowed["witness"]["old"] == {"allowed": False, "reasons": []}
    assert allowed["witness"]["new"] == {"allowed": True, "reasons": []}
    assert allowed["witness"]["facts"]["tenant_id"] == "own_tenant"
    assert allowed["rules"][0]["version"] == "new"
    assert body["bound"]["given_up"] == 0
    assert body["not_compared"] == []


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ((), 1),
        (("--accept", SWAPPED), 1),
        (("--accept", SWAPPED, "--accept", LOST), 0),
        (("--fail-on", "none"), 0),
        (("--fail-on", "newly-allowed"), 1),
        (("--fail-on", "newly-denied"), 1),
        (("--fail-on", "any"), 1),
        (("--fail-on", "newly-allowed", "--accept", SWAPPED), 0),
        (("--fail-on", "newly-denied", "--accept", SWAPPED), 1),
        (("--fail-on", "any", "--accept", SWAPPED, "--accept", LOST), 0),
        (("--accept", "user.update_roles.self.account_admin"), 1),
        (("--accept", f"{SWAPPED[:-11]}{{sales_agent,account_admin}}"), 1),
    ],
)
def test_a_change_fails_unless_it_is_accepted_and_what_is_accepted_has_to_be_one(
    diff: Run, arguments: tuple[str, ...], code: int
) -> None:
    assert diff(*arguments)[0] == code


def test_names_are_accepted_in_a_file_by_line(diff: Run, tmp_path: Path) -> None:
    path = tmp_path / "accepted"
    path.write_text(f"# Meant.\n{SWAPPED}  # R35\n\nsubscription.read.customer.nobody\n", "utf-8")
    code, out, _ = diff("--fail-on", "newly-allowed", "--accept-file", str(path))

    assert code == 1
    assert f"{path}:4:1: error: subscription.read.customer.nobody is listed as accepted" in out


def test_text_has_what_is_newly_allowed_first_and_the_bound_last(diff: Run) -> None:
    _, out, _ = diff()

    places = [
        out.index(text) for text in ("Newly allowed: 1", SWAPPED, "Newly denied: 1", LOST, "were compared:")
    ]
    assert places == sorted(places)
    assert f"user.polar:{LINE} of NEW, edited" in out
    assert "\x1b" not in out


def test_no_line_is_wider_than_the_terminal(diff: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")

    assert max(map(len, diff()[1].splitlines())) <= 80


def test_an_annotation_stands_at_the_edited_rule(diff: Run, new: Path) -> None:
    _, out, _ = diff("--format", "github")

    place = f"file={new}/user.polar,line={LINE}"
    first, second = out.splitlines()
    assert first.startswith(f"::warning {place},title=Newly allowed::User: update_roles")
    assert second.startswith(f"::warning {place},title=Newly denied::User: update_roles")


def test_markdown_names_every_change(diff: Run) -> None:
    _, out, _ = diff("--format", "markdown")

    assert out.startswith("## Policy: ")
    assert SWAPPED in out
    assert LOST in out


def test_a_broken_invariant_fails_in_a_file_that_is_named_and_in_the_new_folder(
    diff: Run, new: Path, tmp_path: Path
) -> None:
    path = tmp_path / "never.yaml"
    path.write_text(NEVER, "utf-8")
    code, out, _ = diff("--invariants", str(path))

    assert code == 1
    assert "never.yaml:3: never: a sales agent gives roles (R8)" in out
    path.rename(new / "invariants.yaml")
    code, out, _ = diff("--format", "github")
    assert code == 1
    assert out.startswith("::error file=")
    assert "title=Invariant violated::invariants.yaml:3: never: a sales agent gives roles (R8)" in out


LOSING = {
    "gone": "invariants: []\n",
    "held for less": NEVER.replace("roles: sales_agent", "roles: sales_agent, kind: system"),
    "held for fewer records": NEVER.replace("what: User", 'what: User, where: "resource.cloud = nil"'),
    "held for no record": NEVER.replace(
        "what: User", 'what: User, where: \'resource.state = "active" and resource.state = "inactive"\''
    ),
    "with a way out": NEVER.replace(
        "what: User", "what: User, unless: resource.tenant_id = principal.tenant_id"
    ),
}


@pytest.mark.parametrize("lost", LOSING.values(), ids=LOSING)
def test_an_invariant_that_is_lost_is_told_first_and_still_held_unless_that_is_accepted(
    diff: Run, old: Path, new: Path, lost: str
) -> None:
    (old / "invariants.yaml").write_text(NEVER, "utf-8")
    (new / "invariants.yaml").write_text(lost, "utf-8")

    code, out, _ = diff("--fail-on", "none")
    accepting, accepted, _ = diff("--fail-on", "none", "--accept", NAME)

    assert (code, accepting) == (1, 0)
    first, *_ = [line for line in out.splitlines()[2:] if line.strip()]
    assert first.startswith("invariants.yaml:3 of OLD is ")
    assert first.endswith("never: a sales agent gives roles (R8)")
    assert f"name: {NAME}" in out
    assert "Violated: invariants.yaml:3: never: a sales agent gives roles (R8)" in out
    assert "Violated" not in accepted
    assert diff("--format", "github")[1].startswith(
        f"::error file={new}/invariants.yaml,line=1,title=Invariant lost"
    )
    assert "## Policy" in diff("--format", "markdown")[1]
    [change] = json.loads(diff("--format", "json")[1])["invariants"]
    assert (change["name"], change["is_accepted"]) == (NAME, False)


def test_an_invariant_may_be_reworded_widened_and_split(run: Run, old: Path, tmp_path: Path) -> None:
    same = users(tmp_path / "same")
    (old / "invariants.yaml").write_text(NEVER, "utf-8")
    (same / "invariants.yaml").write_text(
        """
invariants:
  - {never: a partner's sales agent does, who: {kind: [partner, system], roles: [sales_agent]}, what: User}
  - {never: a customer's sales agent gives roles, who: {kind: customer}, may: update_roles, what: User,
     where: resource.id = resource.id, unless: resource.id != resource.id}
""",
        "utf-8",
    )

    code, out, _ = run("policy", "diff", str(old), str(same), "--fail-on", "none")

    assert "of OLD is" not in out
    assert code == 1  # a customer's global admin gives roles
    assert "Violated: invariants.yaml:4" in out


def test_an_invariant_of_a_git_revision_is_held(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = users(tmp_path / "policies")
    (folder / "invariants.yaml").write_text(NEVER, "utf-8")
    for words in (("init", "-q"), ("add", "."), ("commit", "-q", "-m", "first")):
        git(tmp_path, *words)
    (folder / "invariants.yaml").unlink()
    monkeypatch.chdir(tmp_path)

    code, out, _ = run("policy", "diff", "HEAD", "policies")

    assert code == 1
    assert "invariants.yaml:3 of OLD is gone: never: a sales agent gives roles (R8)" in out


def test_rules_that_read_roles_as_a_list_are_not_compared(run: Run, old: Path, tmp_path: Path) -> None:
    alone = edited(USERS, "  u.tenant_id = p.tenant_id;", '  u.tenant_id = p.tenant_id and p.roles = ["a"];')
    code, out, _ = run(
        "policy", "diff", str(old), str(users(tmp_path / "new", policy=alone)), "--fail-on", "none"
    )

    assert code == 1
    assert "Not compared, so there may be changes that are not listed" in out
    assert "user.polar:1: the rule reads the list of roles in another way" in out
    assert "NOT ALL COMPARED" in out


def test_a_version_that_does_not_load_is_named_and_exits_with_3(diff: Run, new: Path) -> None:
    (new / "user.polar").write_text("grant(\n", "utf-8")
    code, out, err = diff()

    assert (code, out) == (3, "")
    assert str(new) in err
    assert "user.polar" in err


def test_a_database_without_tenants_has_no_rows_to_count(diff: Run, sqlite_url: str) -> None:
    assert migrations.current(sqlite_url) == migrations.head()
    code, out, _ = diff("--database-url", sqlite_url, "--format", "json", "--fail-on", "none")

    assert code == 0
    assert json.loads(out)["rows"] == {"tenants": [], "counts": []}
