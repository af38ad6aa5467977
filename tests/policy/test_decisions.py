"""Decisions as lines: they name nobody, they can be read again, and equal filters have equal digests."""

from __future__ import annotations

import gc
import json
import weakref
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from multichannel.decision_log.decisions import (
    DroppedDecisions,
    ListDecision,
    RecordDecision,
    TruncatedLine,
    read_entries,
    read_log,
)
from multichannel.decision_log.encoding import DecisionLines, Pseudonyms
from multichannel.errors import BadInput
from multichannel.policy.decide.conditions import Comparison, Conditions, Member, Predicate, digest_of
from multichannel.policy.decide.conditions import Path as Fact
from multichannel.policy.decide.policy import Policy
from multichannel.policy.schema.facts import CustomerFacts, ResellerRelationshipFacts
from multichannel.policy.schema.resources import AUDIT_RECORD, CUSTOMER, SUBSCRIPTION, Resource
from multichannel.policy.schema.vocabulary import NO_TENANT, Action, SystemRole, system_principal
from multichannel.server.bootstrap import SHIPPED_POLICIES
from tests.store.conftest import ALDER, BIRCH, MEADOW, agent

KEY, OTHER_KEY = "k" * 32, "o" * 32
AT = datetime(2026, 1, 1, tzinfo=UTC)
LINK = "00000000-0000-4000-8000-0000000000aa"


def customer(*partners: str) -> CustomerFacts:
    """Meadow, served by these."""
    links = [
        ResellerRelationshipFacts(
            id=LINK,
            partner_id=partner,
            customer_id=MEADOW,
            associated_partner_id=None,
            is_extension=False,
            status="active",
            market="US",
            cloud="public",
        )
        for partner in partners
    ]
    return CustomerFacts(
        id=MEADOW, market="US", cloud="public", relationships=links, delegated_admin_grants=[]
    )


def record(policy: Policy, **changes: Any) -> RecordDecision:
    """That Alder's agent may update Meadow, or something else."""
    decision = RecordDecision(
        time=AT,
        policy=policy,
        operation="get",
        principal=agent(),
        resource=CUSTOMER,
        microseconds=123,
        action=Action.UPDATE,
        facts=customer(ALDER),
        allowed=True,
    )
    return replace(decision, **changes)


def written(path: Path, *lines: dict[str, Any]) -> Path:
    """A log of these lines."""
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines), "utf-8")
    return path


def test_a_line_has_all_that_a_replay_needs_and_no_ids(shipped_policy: Policy) -> None:
    hashed = Pseudonyms(KEY).of
    line = DecisionLines(KEY).line(record(shipped_policy))

    assert len(bytes.fromhex(line.pop("id"))) == 8
    rules = line.pop("rules")
    assert line == {
        "schema_version": 1,
        "time": "2026-01-01T00:00:00.000000Z",
        "policy": shipped_policy.digest,
        "kind": "record",
        "operation": "get",
        "principal": {
            "tenant_id": hashed(ALDER),
            "kind": "partner",
            "roles": ["sales_agent"],
            "cloud": "public",
            "type": "direct_bill",
            "status": "active",
            "market": "US",
            "auth_mode": "app_user",
        },
        "action": "update",
        "resource": "Customer",
        "facts": {
            "id": hashed(MEADOW),
            "market": "US",
            "cloud": "public",
            "relationships": [
                {
                    "id": hashed(LINK),
                    "partner_id": hashed(ALDER),
                    "customer_id": hashed(MEADOW),
                    "associated_partner_id": None,
                    "is_extension": False,
                    "status": "active",
                    "market": "US",
                    "cloud": "public",
                }
            ],
            "delegated_admin_grants": [],
        },
        "allowed": True,
        "reasons": [],
        "microseconds": 123,
    }
    named = {shipped_policy.source.texts[0][0], *(rule.position for rule in shipped_policy.source.rules)}
    assert {rule.partition(":")[0] for rule in rules} == {"main.polar", "roles.polar", "customer.polar"}
    assert set(rules) <= named
    assert len(set(rules)) == len(rules) == 4


def test_a_denial_has_its_reasons_and_the_rules_behind_them(shipped_policy: Policy) -> None:
    abroad = CustomerFacts(id=MEADOW, market="US", cloud="china", relationships=[], delegated_admin_grants=[])
    line = DecisionLines(KEY).line(record(shipped_policy, facts=abroad, allowed=False))

    assert line["reasons"] == ["CROSS_CLOUD"]
    [position] = line["rules"]
    [rule] = [each for each in shipped_policy.source.rules if each.position == position]
    assert '"CROSS_CLOUD"' in rule.text


def test_a_denial_without_a_grant_has_neither_reasons_nor_rules(shipped_policy: Policy) -> None:
    line = DecisionLines(KEY).line(record(shipped_policy, facts=customer(BIRCH), allowed=False))

    assert (line["reasons"], line["rules"]) == ([], [])


def test_a_missing_record_has_no_facts(shipped_policy: Policy) -> None:
    line = DecisionLines(KEY).line(record(shipped_policy, facts=None, allowed=False))

    assert (line["facts"], line["allowed"], line["reasons"], line["rules"]) == (None, False, [], [])


def listing(
    policy: Policy, actions: tuple[Action, ...] = CUSTOMER.reads, resource: Resource = CUSTOMER
) -> ListDecision:
    return ListDecision(
        time=AT,
        policy=policy,
        operation="page",
        principal=agent(),
        resource=resource,
        microseconds=9,
        actions=actions,
        rows=17,
    )


def test_a_list_has_its_filter_and_the_number_of_its_rows(shipped_policy: Policy) -> None:
    lines = DecisionLines(KEY)
    decision = listing(shipped_policy)
    line = lines.line(decision)

    assert {"facts", "allowed", "reasons", "action"} & line.keys() == set()
    assert (line["kind"], line["actions"], line["rows"]) == ("list", ["read_summary", "read"], 17)
    assert line["predicate"] == lines.filter_digest(shipped_policy, decision)
    assert "customer.polar" in {rule.partition(":")[0] for rule in line["rules"]}


def test_equal_ids_have_equal_pseudonyms_under_one_key() -> None:
    hashed, otherwise = Pseudonyms(KEY).of, Pseudonyms(OTHER_KEY).of

    assert hashed(ALDER) == Pseudonyms(KEY).of(ALDER)
    assert len({hashed(ALDER), hashed(BIRCH), otherwise(ALDER), ALDER}) == 4
    assert len(bytes.fromhex(hashed(ALDER) or "")) == 16
    assert (hashed(None), hashed(NO_TENANT)) == (None, NO_TENANT)


def test_a_written_decision_is_read_again_with_the_same_verdict(
    shipped_policy: Policy, tmp_path: Path
) -> None:
    lines = DecisionLines(KEY)
    decisions = [
        record(shipped_policy),
        record(shipped_policy, facts=customer(BIRCH), allowed=False),
        record(shipped_policy, facts=None, allowed=False),
    ]
    log = written(tmp_path / "log", *map(lines.line, decisions))

    found = list(read_log(log))
    assert [each.action for each in found] == [Action.UPDATE] * 3
    assert [each.allowed for each in found] == [True, False, False]
    assert found[2].record is None
    assert [shipped_policy.check(each.principal, each.action, each.record).allowed for each in found[:2]] == [
        True,
        False,
    ]
    assert found[0].record is not None
    assert found[0].principal.tenant_id == found[0].record.relationships[0].partner_id


@pytest.mark.parametrize("action", SUBSCRIPTION.actions)
def test_a_filter_has_one_digest_for_a_tenant_and_its_pseudonym(
    shipped_policy: Policy, action: Action
) -> None:
    resource = SUBSCRIPTION
    lines, hashed = DecisionLines(KEY), Pseudonyms(KEY).of
    decision = listing(shipped_policy, actions=(action,), resource=resource)
    by_id = lines.filter_digest(shipped_policy, decision)

    named = agent(hashed(ALDER) or "")
    predicates = {action: shipped_policy.predicate(named, action, resource)}
    assert digest_of(predicates, lambda value: value) == by_id
    assert lines.filter_digest(shipped_policy, replace(decision, principal=agent(BIRCH))) != by_id or not (
        predicates[action].allowed
    )


def test_equal_filters_have_equal_digests() -> None:
    def alike(*branches: Conditions) -> str:
        return digest_of({Action.READ: Predicate(frozenset(branches), frozenset())}, lambda value: value)

    status, market = Fact("this", ("status",)), Fact("this", ("market",))
    member = Member("r1", Fact("this", ("relationships",)))
    active, open_, at_home = (
        Comparison(status, "=", "active"),
        Comparison(status, "=", "open"),
        Comparison(market, "=", "US"),
    )
    either = Comparison(status, "in", ("active", "open"))
    reverse = Comparison(status, "in", ("open", "active"))

    assert alike(Conditions((), (either, at_home))) == alike(
        Conditions((), (at_home, open_)), Conditions((), (active, at_home))
    )
    assert alike(Conditions((), (either,))) == alike(Conditions((), (reverse,)))
    others = [
        alike(),
        alike(Conditions()),
        alike(Conditions((), (active,))),
        alike(Conditions((), (open_,))),
        alike(Conditions((member,), (active,))),
        alike(Conditions((), (Comparison(status, "!=", "active"),))),
        alike(Conditions((), (Comparison(status, "=", market),))),
        alike(Conditions((), (Comparison(status, "=", "this.market"),))),
        alike(Conditions((), (active,)), Conditions((), (at_home,))),
    ]
    assert len(set(others)) == len(others)


def test_vocabulary_words_and_the_service_are_not_hashed(shipped_policy: Policy) -> None:
    facts = AUDIT_RECORD.facts(id=LINK, tenant_id=ALDER, resource_type="Customer", cloud="public")
    decision = RecordDecision(
        time=AT,
        policy=shipped_policy,
        operation="get",
        principal=system_principal(SystemRole.AUDITOR),
        resource=AUDIT_RECORD,
        microseconds=1,
        action=Action.READ,
        facts=facts,
        allowed=True,
    )
    line = DecisionLines(KEY).line(decision)

    assert line["principal"]["tenant_id"] == NO_TENANT
    assert line["facts"]["resource_type"] == "Customer"
    assert ALDER not in json.dumps(line)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("[]", "not a decision"),
        ({"kind": "guess"}, "not a decision"),
        ({"kind": ["record"]}, "not a decision"),
        ({"schema_version": 2}, "not a decision of schema version 1"),
        ({"allowed": "yes"}, "a decision on a record must have a valid `allowed`"),
        ({"policy": None}, "a decision on a record must have a valid `policy`"),
    ],
)
def test_an_invalid_line_is_refused_with_its_number(
    shipped_policy: Policy, tmp_path: Path, change: Any, words: str
) -> None:
    line = DecisionLines(KEY).line(record(shipped_policy))
    bad = change if isinstance(change, str) else json.dumps(line | change)
    log = tmp_path / "log"
    log.write_text(f"{json.dumps(line)}\n{bad}\n", "utf-8")

    with pytest.raises(BadInput) as refused:
        list(read_log(log))
    assert refused.value.message == f"{log}:2: {words}"


@pytest.mark.parametrize(
    ("change", "part", "words"),
    [
        ({"resource": "Planet"}, "resource", "unknown resource 'Planet'"),
        ({"action": "fly"}, "actions", "Customer has no action 'fly'"),
        (
            {"principal": {}},
            "principal",
            "the facts of the principal differ from those of this version",
        ),
        (
            {"facts": {"id": "x"}},
            "record",
            "the facts of Customer differ from those of this version",
        ),
    ],
)
def test_words_of_another_version_are_refused_when_they_are_read(
    shipped_policy: Policy, tmp_path: Path, change: dict[str, Any], part: str, words: str
) -> None:
    log = written(tmp_path / "log", DecisionLines(KEY).line(record(shipped_policy)) | change)
    [found] = read_log(log)

    with pytest.raises(BadInput) as refused:
        getattr(found, part)
    assert refused.value.message == f"{log}:1: {words}"


def test_a_principal_with_a_word_of_another_version_is_refused_when_it_is_read(
    shipped_policy: Policy, tmp_path: Path
) -> None:
    line = DecisionLines(KEY).line(record(shipped_policy))
    line["principal"]["kind"] = "planet"
    log = written(tmp_path / "log", line)
    [found] = read_log(log)

    with pytest.raises(BadInput) as refused:
        _ = found.principal
    assert refused.value.message == (
        f"{log}:1: invalid principal: kind: Input should be 'partner', 'customer' or 'system'"
    )


def test_a_log_reports_dropped_decisions(shipped_policy: Policy, tmp_path: Path) -> None:
    line = DecisionLines(KEY).line(record(shipped_policy))
    log = written(tmp_path / "log", {"kind": "dropped", "count": 7}, line)

    assert [each for each in read_entries(log) if isinstance(each, DroppedDecisions)] == [DroppedDecisions(7)]
    assert len(list(read_log(log))) == 1


def test_an_incomplete_line_affects_no_other(shipped_policy: Policy, tmp_path: Path) -> None:
    line = DecisionLines(KEY).line(record(shipped_policy))
    whole = json.dumps(line)
    log = tmp_path / "log"
    log.write_bytes(f"{whole[:40]}{whole}\n{whole}\n".encode() + b"\xff\0\n" + whole[:-1].encode())

    found = list(read_entries(log))
    assert [each for each in found if isinstance(each, TruncatedLine)] == [
        TruncatedLine(f"{log}:{n}") for n in (1, 3, 4)
    ]
    assert [each.id for each in read_log(log)] == [line["id"]]


def test_a_former_policy_is_freed_with_its_digests() -> None:
    lines, policy = DecisionLines(KEY), Policy.load(SHIPPED_POLICIES)
    gone = weakref.ref(policy)
    first = lines.filter_digest(policy, listing(policy))
    assert lines.filter_digest(policy, listing(policy)) == first

    del policy
    gc.collect()
    assert gone() is None


def test_a_missing_log_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="No such file"):
        list(read_log(tmp_path / "log"))
