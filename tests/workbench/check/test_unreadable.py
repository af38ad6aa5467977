"""Statements that cannot be read: each is one finding, and what it may have said is not missed elsewhere."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from multichannel.policy.language.source import PolicySource
from multichannel.server.bootstrap import SHIPPED_POLICIES
from multichannel.workbench.check import check_source
from multichannel.workbench.findings import Finding
from tests.workbench.check.seeding import SHIPPED, Seeded, found

STANDING = """has_standing(caller: Principal, "self", user: User) if
  caller.kind in ["partner", "customer"] and user.tenant_id = caller.tenant_id;"""
WALL = """forbid("CROSS_CLOUD", caller: Principal, _action: String, record: Resource) if
  caller.kind in ["partner", "customer"] and record.cloud != caller.cloud;"""
WORDS = (
    'multichannel("public");\nmultichannel("us_government") if choice("MULTICHANNEL_IN_US_GOVERNMENT_CLOUD");'
)


@dataclass(frozen=True)
class Broken:
    """A statement without the quote or bracket that comes first, or without its end."""

    file: str
    statement: str

    def findings(self, lost: str) -> list[Finding]:
        text = dict(SHIPPED.texts)[self.file]
        place = self.statement.rfind(lost) if lost == ";" else self.statement.find(lost)
        left = self.statement[:place] + self.statement[place + 1 :]
        assert text.count(self.statement) == 1
        assert place >= 0
        texts = dict(SHIPPED.texts) | {self.file: text.replace(self.statement, left)}
        return list(check_source(PolicySource(tuple(texts.items())), SHIPPED_POLICIES).findings)


EVERY = {
    "a standing that grants are made at": Broken("user.polar", STANDING),
    "the only grant at a standing": Broken(
        "audit_record.polar", 'grant("global_admin", "customer", "read", _: AuditRecord);'
    ),
    "the only grant of an action": Broken(
        "subscription.polar", 'grant("admin_agent", "billing_partner", "release", _: Subscription);'
    ),
    "the wall between clouds": Broken("main.polar", WALL),
    "what others ask": Broken("choices.polar", WORDS),
}


@pytest.mark.parametrize("lost", ['"', "(", ";"])
@pytest.mark.parametrize("broken", EVERY)
def test_a_statement_that_cannot_be_read_is_the_only_finding(broken: str, lost: str) -> None:
    findings = EVERY[broken].findings(lost)

    assert [(each.code, each.file) for each in findings] == [("syntax", EVERY[broken].file)]


def test_a_name_that_is_nowhere_is_told_beside_a_statement_that_cannot_be_read() -> None:
    seeded = Seeded(
        "user.polar",
        f'{STANDING[:-2]}«d»\ngrant("global_admin", «"slef"», "read", _: User);',
        STANDING,
    )

    assert found(seeded.checked()) == seeded.expected("syntax", "unknown-standing")


def test_a_file_that_is_no_text_may_hold_all_that_is_missed() -> None:
    unread = Finding(file="user.polar", line=1, code="unreadable", message="no text")
    without = PolicySource(tuple(pair for pair in SHIPPED.texts if pair[0] != "user.polar"))

    assert check_source(without, SHIPPED_POLICIES, [unread]).findings == (unread,)
    assert "ungranted-action" in {each.code for each in check_source(without, SHIPPED_POLICIES).findings}


@pytest.mark.parametrize(
    ("rule", "hint"),
    [
        ('grant("global_admin, "customer", "read", _: User);', 'The line has an odd number of `"`.'),
        ("grant(“global_admin”, “self”);", "Strings are written in double quotes."),
        ("grant('global_admin', \"self\");", "Strings are written in double quotes."),
        ('grant("global_admin" "self");', ""),
    ],
)
def test_quotes_that_are_none_are_told(rule: str, hint: str) -> None:
    [finding] = Seeded("user.polar", rule).checked().findings

    assert (finding.code, finding.hint) == ("syntax", hint)
