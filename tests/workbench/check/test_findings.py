"""Each kind of finding: one fault, found at its exact place, and nothing else found."""

from __future__ import annotations

import pytest

from multichannel.server.bootstrap import SHIPPED_POLICIES
from multichannel.workbench.check import check, check_source
from multichannel.workbench.check.codes import FINDING_KINDS
from multichannel.workbench.check.reading import check_reading
from tests.workbench.check.seeding import (
    NOTED,
    SHIPPED,
    SMALL,
    Seeded,
    customer,
    found,
    main,
    restriction,
)

KNOWN = '"DE"'
HOLDER = 'has_standing(p: Principal, "relationship_holder", c: Customer)'
WALL = 'forbid("CROSS_CLOUD", p: Principal, _action: String, c: Customer) if\n  c.cloud != p.cloud;'
FORM = {
    "no comma": ("syntax", customer('grant("global_admin" «"customer"», "read", _: Customer);')),
    "no end": ("syntax", customer('grant("global_admin", "customer«"»')),
    "no closing quote": ("syntax", customer('grant(«"global_admin»')),
    "a strange character": ("syntax", customer("grant(«§»);")),
    "a number too large": ("syntax", restriction(f"p.market = «{'9' * 20}»")),
    "a list with a rest": ("syntax", restriction("[c, «*»_rest] = p.roles")),
    "a variable alone": ("unused-variable", restriction("«cc».market = p.market", "_c")),
    "and beside or": ("and-or", restriction('«p.market = "DE" and p.kind = "partner"» or c.market = "DE"')),
    "what the engine alone refuses": (
        "refused",
        customer(
            f'type known(c: Partner);\n{NOTED}forbid("X", _: Principal, "update", c: Customer) if known(c);\n'
            '«k»nown(c: Customer) if c.market = "DE";'
        ),
    ),
    "an order of what may be unknown": (
        "no-list-filter",
        customer(
            f'{NOTED}«f»orbid("X", p: Principal, "update", c: Customer) if '
            "r in c.relationships and r.customer_id > p.tenant_id;"
        ),
    ),
}
NAMES = {
    "a class": ("unknown-class", customer('grant("admin_agent", "self", "read", _: «Custmer»);')),
    "a fact": ("unknown-attribute", restriction("c.«markt» != p.market")),
    "a fact of the principal": ("unknown-attribute", restriction("c.market != p.«markt»")),
    "a fact of a member": (
        "unknown-attribute",
        restriction("r in c.relationships and r.«partner» = p.tenant_id"),
    ),
    "a fact in a pattern": (
        "unknown-attribute",
        customer(f'{NOTED}forbid("X", _: «Principal{{knd: "partner"}}», "update", _: Customer);'),
    ),
    "a fact of a list": ("unknown-attribute", restriction("c.relationships.«status» = p.status")),
    "a fact of a value": ("unknown-attribute", restriction("c.market.«name» = p.market")),
    "a text for a list": ("not-a-list", restriction('p.status != "active" and c.market in «"US"»')),
    "a text for a list of roles": (
        "not-a-list",
        customer('grant(role, "relationship_holder", "update", _: Customer) if role in «"billing_admin"»;'),
    ),
    "no list": ("not-a-list", restriction("r in «c.market» and r = p.market")),
    "a rule": ("unknown-rule", restriction("«multichanel(p.cloud)»", "_")),
    "a call's arity": ("wrong-arity", restriction("«multichannel(p.cloud, 1)»", "_")),
    "a head's arity": ("wrong-arity", customer('«grant("global_admin", "customer", "read")»;')),
    "a question about another kind": (
        "wrong-class",
        customer(
            f'{NOTED}forbid("X", p: Principal, "update", c: Customer) if «known(c)» and p.market = {KNOWN};\n'
            'known(u: User) if u.state = "active";'
        ),
    ),
    "a question about another fact": ("wrong-class", restriction("«multichannel(p.status)»", "_")),
}
WORDS = {
    "an action": ("unknown-action", restriction(f"p.market = {KNOWN}", "_", '«"updat"»')),
    "another kind's action": ("unknown-action", restriction(f"p.market = {KNOWN}", "_", '«"suspend"»')),
    "an action in a list": (
        "unknown-action",
        restriction(f'p.market = {KNOWN} and action in ["update", «"reed"»]', "_", "action: String"),
    ),
    "a role": ("unknown-role", customer('grant(«"agent"», "relationship_holder", "add_user", _: Customer);')),
    "a role in a list": (
        "unknown-role",
        customer('grant(role, "customer", "update", _: Customer) if role in [«"agent"», "account_admin"];'),
    ),
    "a role of the principal": ("unknown-role", restriction('«"boss"» in p.roles', "_")),
    "a standing": (
        "unknown-standing",
        customer('grant("admin_agent", «"holder"», "add_user", _: Customer);'),
    ),
    "a standing to another kind": (
        "unknown-standing",
        customer('grant("admin_agent", «"billing_partner"», "add_user", _: Customer);'),
    ),
    "a word of the principal": ("unknown-word", restriction('p.type = «"advisr"»', "_")),
    "a word of a pattern": (
        "unknown-word",
        customer(f'{NOTED}forbid("X", _: Principal{{kind: «"partnr"»}}, "update", _: Customer);'),
    ),
    "a word of a member": (
        "unknown-word",
        restriction('r in c.relationships and r.partner_id = p.tenant_id and r.status in [«"actve"»]'),
    ),
    "a word of a helper": ("unknown-word", main('multichannel(«"pblic"»);')),
    "a market": ("unknown-word", restriction('p.market = «"de"»', "_")),
    "an id and a market": ("wrong-type", restriction("«p.market = c.id»")),
    "two vocabularies": ("wrong-type", restriction("«p.kind = p.status»", "_")),
    "a text for a flag": (
        "wrong-type",
        restriction('d in c.delegated_admin_grants and d.partner_id = p.tenant_id and d.support = «"yes"»'),
    ),
    "a fact that is never nil": ("never-nil", restriction("p.market = c.market and c.cloud = «nil»")),
    "a code in small letters": ("reason-code", restriction(f"p.market = {KNOWN}", "_", code='«"abroad"»')),
    "a code like another": ("similar-code", restriction(f"p.market = {KNOWN}", "_", code='«"CROSS_CLOUDS"»')),
}
CONSTRUCTS = {
    "not": ("negation", restriction("«not p.market = c.market»")),
    "cut": ("cut", restriction("p.market = c.market and «cut»")),
    "forall": (
        "forall",
        restriction('«forall(r in c.relationships, r.status = "active")» and p.type != nil'),
    ),
    "==": ("double-equals", restriction("«p.market == c.market»")),
    ":=": ("assignment", restriction("«m := p.market» and m = c.market")),
    "new": ("new", restriction("p.market = c.market and c = «new Customer(p)»")),
    "print": ("debugging", restriction("p.market = c.market and «print(p)»")),
    "debug": ("debugging", restriction("p.market = c.market and «debug()»")),
    "a name of Python's": ("dunder-name", restriction("«p.__class__» = c.market")),
    "a method": ("method-call", restriction("«p.market.lower()» = c.market")),
    "arithmetic": ("arithmetic", restriction("p.market = «c.market + 1»")),
    "a dictionary": ("dictionary", restriction("«{a: p.market}» = c.market")),
    "a tenant's id": ("literal-id", restriction('p.tenant_id = «"4711"»', "_")),
    "a record's id": ("literal-id", restriction('c.id = «"4711"» and p.kind = "partner"')),
    "an id in a list": (
        "literal-id",
        restriction('r in c.relationships and r.partner_id in [«"4711"», p.tenant_id]'),
    ),
    "an inline query": ("inline-query", main('«?=» multichannel("public");')),
    "a block with content": (
        "resource-block",
        main('«resource User { roles = ["a"]; }»', "resource User {}"),
    ),
    "an actor": ("resource-block", main("«actor Principal {}»")),
    "a fact in a head": (
        "dot-in-head",
        customer(f'{NOTED}forbid("X", p: Principal, «p.kind», _: Customer);'),
    ),
    "matches": ("matches", restriction('«p matches Principal{kind: "partner"}»', "_")),
}
RULES = {
    "a rule twice": ("duplicate-rule", main('«multichannel("public")»;')),
    "a rule twice, in other words": (
        "duplicate-rule",
        customer(
            '«has_standing(q: Principal, "customer", d: Customer)» if '
            'd.id = q.tenant_id and "customer" = q.kind;'
        ),
    ),
    "an item twice": (
        "duplicate-rule",
        customer(
            'grant(role, "customer", "update", _: Customer) if role in ["sales_agent", «"sales_agent"»];'
        ),
    ),
    "a rule within another": (
        "subsumed-rule",
        customer(
            f'{NOTED}«forbid("CROSS_CLOUD", p: Principal, "update", c: Customer)» if '
            f'p.market = {KNOWN} and p.kind in ["partner", "customer"] and c.cloud != p.cloud;'
        ),
    ),
    "a grant within a list of another": (
        "subsumed-rule",
        customer('«grant("billing_admin", "relationship_holder", "read_summary", _: Customer)»;'),
    ),
    "a grant that follows from another": (
        "redundant-grant",
        customer('«grant("admin_agent", "relationship_holder", "read_summary", _: Customer)»;'),
    ),
    "a grant to whoever": (
        "unbounded-grant",
        customer('«grant(_role, "attached_reseller", "add_user", _: Customer)»;'),
    ),
    "a helper for nobody": ("unreachable-rule", main('«unused("public")»;')),
    "a misspelt verdict": ("unreachable-rule", main('«forbd("X", _: Principal, "update", _: Customer)»;')),
    "a standing for nothing": (
        "unused-standing",
        customer('has_standing(p: Principal, «"friend"», c: Customer) if c.id = p.tenant_id;'),
    ),
    "two values": ("contradiction", restriction('p.market = "DE" and «p.market = "FR"»', "_")),
    "a value and its denial": ("contradiction", restriction('p.market = "DE" and «p.market != "DE"»', "_")),
    "a denial and the value": ("contradiction", restriction('p.market != "DE" and «p.market = "DE"»', "_")),
    "lists with nothing in common": (
        "contradiction",
        restriction('p.type in ["advisor"] and «p.type in ["direct_bill", "indirect_reseller"]»', "_"),
    ),
    "facts alike and not": (
        "contradiction",
        restriction("p.market = c.market and «c.market != p.market»"),
    ),
    "values that differ": ("contradiction", restriction("p.market = c.market and «1 = 2»")),
    "one alternative": (
        "contradiction",
        restriction('p.kind = "partner" and («p.kind = "customer"» or c.market = "DE")'),
    ),
    "a fact and itself": ("always-true", restriction("«p.market = p.market»", "_")),
    "a rule that asks itself": (
        "endless-recursion",
        main("multichannel(cloud) if «multichannel(cloud)»;"),
    ),
}
COMPLETENESS = {
    "a standing for all": (
        "untied-standing",
        customer('«has_standing(p: Principal, "customer", c: Customer)» if p.market = c.market;'),
    ),
    "a standing for all but the service": (
        "untied-standing",
        Seeded(
            "system.polar",
            '«has_standing(caller: Principal, "system", _: User)» if caller.kind != "customer";',
            'has_standing(caller: Principal, "system", _: User) if caller.kind = "system";',
        ),
    ),
    "a standing for others": (
        "untied-standing",
        customer(
            '«has_standing(p: Principal, "customer", c: Customer)» if '
            'p.kind = "customer" and c.id != p.tenant_id;'
        ),
    ),
    "a restriction without a reason": (
        "uncommented-restriction",
        customer('\n«forbid("X", p: Principal, "update", _: Customer)» if p.status = "restricted";'),
    ),
}
EVERY = {**FORM, **NAMES, **WORDS, **CONSTRUCTS, **RULES, **COMPLETENESS}


def test_the_shipped_policy_has_no_findings_and_loads() -> None:
    checked = check(SHIPPED_POLICIES)

    assert [str(each) for each in checked.findings] == []
    assert checked.policy is not None
    assert checked.policy.digest == SHIPPED.digest


def test_the_smaller_policy_has_no_findings_either() -> None:
    assert found(check_source(SMALL, SHIPPED_POLICIES)) == []


@pytest.mark.parametrize("fault", EVERY)
def test_a_fault_is_found_at_its_place_and_nothing_else_is(fault: str) -> None:
    code, seeded = EVERY[fault]

    assert found(seeded.checked()) == seeded.expected(code)


def test_a_kind_of_finding_is_missed_by_no_test() -> None:
    files = {"no-policy", "unreadable", "too-large", "unread", "hidden-character"}
    files |= {code for code in FINDING_KINDS if code.endswith(("-invariant", "-invariants"))}
    missing = {"no-allow", "missing-resource", "missing-cross-cloud", "ungranted-action", "no-cases"}

    assert {code for code, _ in EVERY.values()} | files | missing | ALONE == set(FINDING_KINDS)


ALONE = {"idle-restriction", "allow-without-role", "own-allow", "reading-taken"}
"""Kinds that have a test of their own."""


@pytest.mark.parametrize(
    ("role", "codes"),
    [('"account_admin" in p.roles', ["own-allow"]), ("p.kind = p.kind", ["allow-without-role", "own-allow"])],
)
def test_another_allow_is_told_and_is_an_error_if_it_asks_for_no_role(role: str, codes: list[str]) -> None:
    rule = main(f'allow(p: Principal, "read", u: User) if {role} and u.tenant_id = p.tenant_id;')

    told = [each for each in rule.checked().findings if each.code.endswith(("-allow", "-role"))]
    assert [each.code for each in told] == codes
    assert {each.file for each in told} == {"main.polar"}


def test_a_misspelt_fact_of_a_value_is_one_error() -> None:
    rule = Seeded(
        "customer.polar",
        f'{NOTED}forbid("X_Y", _: Principal, "update", c: Customer) if c.«idd» = "OLD-1";',
    )

    assert found(rule.checked()) == rule.expected("unknown-attribute")


@pytest.mark.parametrize(("action", "count"), [('"read"', 1), ("_action: String", 0)])
def test_a_restriction_of_reading_that_leaves_a_change_is_told(action: str, count: int) -> None:
    policy = restriction('p.type = "advisor" and c.cloud = p.cloud', action=action).checked().policy
    assert policy is not None

    told = [each.message for each in check_reading(policy)]

    assert len(told) == count
    assert all("link, record_subscription" in message and "read_" not in message for message in told)


SEVERAL = {
    "a way misspelt twice": (
        ("unknown-attribute", "unknown-attribute"),
        restriction("r in c.«relationship» and r.«partner» = p.tenant_id"),
    ),
    "arguments in another order": (
        ("own-allow", "wrong-type", "wrong-type"),
        main(
            "«allow(principal: Principal, action: String, resource)» if\n"
            "  has_standing(principal, standing, resource) and\n"
            "  grant(«standing», role, action, resource) and\n"
            "  «role in principal.roles»;",
            "allow(principal: Principal, action: String, resource) if\n"
            "  has_standing(principal, standing, resource) and\n"
            "  grant(role, standing, action, resource) and\n  role in principal.roles;",
        ),
    ),
    "two faults in two statements that do not end": (
        ("syntax", "syntax"),
        customer(
            'grant("global_admin", "customer«"»\ngrant("global_admin" «"customer"», "update", _: Customer);'
        ),
    ),
}


@pytest.mark.parametrize("faults", SEVERAL)
def test_several_faults_are_all_found(faults: str) -> None:
    codes, seeded = SEVERAL[faults]

    assert found(seeded.checked()) == seeded.expected(*codes)
