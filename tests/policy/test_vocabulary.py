"""Every word of the policy files means something, and everything they can decide has cases on both sides."""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import Path

import pytest

from multichannel.domain.tenants import Cloud, PartnerStatus, PartnerType, TenantKind
from multichannel.domain.users import Role
from multichannel.errors import PolicyInvalid
from multichannel.policy.decide.policy import Policy
from multichannel.policy.language.source import PolicySource, Rule
from multichannel.policy.schema.resources import RESOURCES
from multichannel.policy.schema.vocabulary import READS, Action, AuthMode, Principal, SystemRole
from multichannel.policy.testing.case_files import REASON, SUFFIX, read_cases, read_suite
from multichannel.policy.testing.cases import ALLOWED, Case, expectation_results
from multichannel.policy.testing.cast import CAST, WHO
from multichannel.workbench.case_coverage import gaps
from multichannel.workbench.testing import failure, run
from tests.policy.conftest import POLICIES

PRINCIPAL_WORDS: dict[str, set[StrEnum]] = {
    "kind": set(TenantKind),
    "type": set(PartnerType),
    "status": set(PartnerStatus),
    "cloud": set(Cloud),
    "auth_mode": set(AuthMode),
}
PRINCIPAL_FACTS = {*PRINCIPAL_WORDS, "tenant_id", "roles", "market"}
ROLES = {*Role, *SystemRole}
CASES = """facts:
  User:
    alder_agent:
      tenant_id: alder
      state: active
      cloud: public
    meadow_clerk:
      tenant_id: meadow
      state: active
      cloud: public
cases:
  - who: alder_account_admin
    what: alder_agent
    may: [read]
    why: Role matrix, "partner users and roles".

lists:
  - who: alder_account_admin
    of: User
    to: read
    sees: [alder_agent]
    why: People are known in their own company.
"""
VERDICTS = {"has_standing", "grant", "forbid"}
EACH = "Write a case for each user."


@pytest.fixture(scope="session")
def cases() -> tuple[Case, ...]:
    return read_cases(POLICIES)


def _rules(name: str) -> list[Rule]:
    return [rule for rule in PolicySource.read(POLICIES).rules if rule.name == name]


def _head(rule: Rule) -> list[str]:
    """The arguments of a rule's head, as they are written."""
    return [part.strip() for part in rule.text.partition("(")[2].partition(")")[0].split(",")]


def _resource(rule: Rule) -> str:
    """The kind of resource a rule is about; of a rule about all of them, none."""
    return _head(rule)[-1].partition(":")[2].strip()


def test_every_case_comes_out_as_it_says_as_a_check_and_as_a_list(policy: Policy) -> None:
    results = run(policy, read_suite(POLICIES))
    assert [str(failure(result)) for result in results if not result.is_met] == []
    assert {result.case.file for result in results} == {path.name for path in POLICIES.glob(f"*{SUFFIX}")}


def test_no_verdict_is_without_a_case(policy: Policy) -> None:
    assert [str(gap) for gap in gaps(policy, read_suite(POLICIES))] == []


def test_lists_of_what_is_sold_to_whom_have_cases() -> None:
    listed = {listing.resource.name for listing in read_suite(POLICIES).listings}
    assert listed >= {"Customer", "Subscription", "Transfer"}


def test_every_policy_file_about_a_resource_has_cases_beside_it() -> None:
    files = {path.name.removesuffix(".polar") for path in POLICIES.glob("*.polar")} - {
        "choices",
        "main",
        "roles",
    }
    assert {path.name.removesuffix(SUFFIX) for path in POLICIES.glob(f"*{SUFFIX}")} == files


def test_every_role_standing_and_action_that_a_grant_names_exists() -> None:
    standings = {word for rule in _rules("has_standing") for word in _head(rule)[1:2]}
    choices = {word for rule in _rules("choice") for word in rule.words}
    known = {*ROLES, *Action, *choices, *(standing.strip('"') for standing in standings)}
    unknown = {(rule.position, word) for rule in _rules("grant") for word in rule.words - known}
    assert sorted(unknown) == []


def test_every_standing_that_a_grant_names_can_be_had_to_that_resource(policy: Policy) -> None:
    had = {(_resource(rule), _head(rule)[1].strip('"')) for rule in _rules("has_standing")}
    granted = {
        (resource.name, grant.standing)
        for resource in RESOURCES.values()
        for grant in policy.derivations.grants(resource)
    }
    assert granted == had


def test_every_action_that_a_restriction_names_exists_on_its_resource() -> None:
    unknown = [
        rule.position
        for rule in _rules("forbid")
        for action in _head(rule)[2:3]
        if action.startswith('"') and action.strip('"') not in RESOURCES[_resource(rule)].actions
    ]
    assert unknown == []


def test_every_word_that_a_rule_expects_of_the_principal_can_be_met() -> None:
    pattern = re.compile(r'\bcaller\.(\w+)(?:\s*(?:=|!=)\s*("\w*")|\s+in\s+\[([^\]]*)\])?')
    wrong = []
    for rule in PolicySource.read(POLICIES).rules:
        for fact, one, several in pattern.findall(rule.text):
            words = set(re.findall(r'"(\w*)"', one or several))
            if fact not in PRINCIPAL_FACTS or not words <= {*PRINCIPAL_WORDS.get(fact, words)}:
                wrong.append((rule.position, fact, sorted(words)))
    assert wrong == []


def test_rules_call_the_principal_caller_so_that_its_words_can_be_checked() -> None:
    named = {_head(rule)[1 if rule.name == "forbid" else 0] for name in VERDICTS for rule in _rules(name)}
    assert {name for name in named if name.endswith(": Principal")} <= {
        "caller: Principal",
        "_caller: Principal",
    }


def test_cases_notice_a_policy_that_grants_more_and_one_that_grants_less(cases: tuple[Case, ...]) -> None:
    texts = dict(PolicySource.read(POLICIES).texts)
    wider = texts["customer.polar"].replace(' and relationship.status = "active"', "")
    stricter = texts["roles.polar"].replace('"helpdesk_agent"', '"account_admin"')
    for edit in ({"customer.polar": wider}, {"roles.polar": stricter}):
        policy = Policy(PolicySource(tuple((texts | edit).items())))
        assert any(not outcome.is_met for outcome in expectation_results(policy, cases))


def test_every_action_of_tenants_is_a_change_or_is_named_here() -> None:
    """A new action is denied to inactive partners, unless somebody decides that it is not."""
    [changes] = _rules("changes")
    of_users = {Action.ADD_USER, Action.UPDATE_ROLES, Action.DISABLE, Action.ENABLE}
    consent = {Action.SET_SHARING, Action.CONFIRM, Action.DISPUTE}
    others = {
        *READS,
        Action.READ_SUPPORT_OPTIONS,
        Action.READ_ACCESS,
        Action.READ_OWN_ACCESS,
        Action.LABEL,
        Action.START_BULK,
        *of_users,
        Action.REVOKE_DELEGATED_ADMIN,
        Action.END,
        *consent,
    }
    requests = {action for action in Action if action.startswith("request_") and action != "request_transfer"}
    service = {Action.ADD_PARTNER, Action.ADD_CUSTOMER, Action.VERIFY_DOMAIN, Action.SEED}
    service |= {Action.IMPORT, Action.EXPIRE, Action.REDEEM, Action.RUN_BULK}
    assert {*Action} - changes.words == {*others, *requests, *service, Action.INVITE_RESELLER}


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        (
            "may: [read]",
            "may: [raed]",
            "user.cases.yaml:12: 'raed' is not an action on a User; it is one of disable, enable, ",
        ),
        ("may: [read]", "my: [read]", "user.cases.yaml:12: a case has no `my`"),
        (
            "who: alder_account_admin",
            "who: alder_acount_admin",
            "user.cases.yaml:12: 'acount_admin' is not a role",
        ),
        ("who: alder_account_admin", "who: elder_account_admin", "'elder' is not a tenant of cast.yaml"),
        ("what: alder_agent", "what: alder_agnt", "'alder_agnt' is not a record of this file"),
        ("tenant_id: meadow", "tenant_id: medow", "user.cases.yaml:8: 'medow' is not a tenant"),
        ("state: active", "state: actve", "user.cases.yaml:5: 'actve' is not User.state"),
        ("state: active", "stat: active", "user.cases.yaml:5: a User has no `stat`"),
        ("state: active", "state: yes", "user.cases.yaml:5: User.state cannot be True"),
        ("    cloud: public", "    cloud: public\n      cloud: public", "`cloud` is given twice"),
        ("  User:", "  Usr:", "user.cases.yaml:2: 'Usr' is not a resource"),
        ("cases:", "cases: [", "user.cases.yaml:"),
        ("of: User", "of: Usr", "user.cases.yaml:18: 'Usr' is not a resource"),
        ("[alder_agent]", "[alder_agnt]", "user.cases.yaml:18: 'alder_agnt' is not a User of this file"),
        ("    sees: [alder_agent]\n", "", "user.cases.yaml:18: a list needs sees"),
        ("    sees: [alder_agent]", "    sees: alder_agent", "user.cases.yaml:18: `sees` must be a list"),
        ("    to: read\n", "    to: cancel\n", "user.cases.yaml:18: 'cancel' is not an action on a User"),
        ("    to: read\n", "    too: read\n", "user.cases.yaml:18: a list has no `too`"),
        ("who: alder_account_admin", "who: [alder_account_admin]", f"{WHO}; it is a list. {EACH}"),
        ("who: alder_account_admin", "who: 5", f"{WHO}; it is a number. {EACH}"),
        ("who: alder_account_admin", "who: null", "user.cases.yaml:12: a case needs who [invalid-case]"),
        ("who: alder_account_admin", "who: {tenant: {name: alder}}", "{'name': 'alder'} is not a tenant of"),
        ("who: alder_account_admin", "who: {tenant: alder, roles: account_admin}", "`roles` must be a list"),
        ("who: alder_account_admin", "who: {tenant: alder, roles: [[account_admin]]}", "is not a role"),
        ("who: alder_account_admin", "who: {tenant: alder, auth_mode: [app]}", "['app'] is not a mode"),
        ("who: alder_account_admin", "who: {? [alder] : admin}", "user.cases.yaml:12: found unhashable key"),
        ("what: alder_agent", "what: [alder_agent]", "['alder_agent'] is not a record of this file"),
        ("what: alder_agent", "what: &it {self: *it}", "nested too deeply, or contains itself"),
        ("may: [read]", "may: {read: yes}", "user.cases.yaml:12: `may` must be a list"),
        ("may: [read]", "may: [[read]]", "user.cases.yaml:12: ['read'] is not an action on a User"),
        ("may: [read]", "may_not: [read]", "user.cases.yaml:12: `may_not` must be a mapping of names"),
        ("may: [read]", "may_not: {read: [NOT_GRANTED]}", f"`may_not` of read {REASON}; it is a list"),
        ("may: [read]", "may_not: {read: null}", f"`may_not` of read {REASON}; it is empty"),
        ("may: [read]", "may_not: {read: 2026-99-99}", "user.cases.yaml cannot be read: month must be in"),
        (
            "tenant_id: meadow",
            "tenant_id: [meadow]",
            "user.cases.yaml:8: User.tenant_id cannot be ['mea",
        ),
        ("of: User", "of: [User]", "user.cases.yaml:18: ['User'] is not a resource"),
        ("    to: read\n", "    to: [read]\n", "user.cases.yaml:18: ['read'] is not an action on a User"),
        ("    to: read\n", "    to: \a\n", "user.cases.yaml cannot be read: "),
    ],
)
def test_a_case_file_that_means_nothing_is_refused_with_its_line(
    tmp_path: Path, before: str, after: str, message: str
) -> None:
    assert before in CASES
    (tmp_path / CAST).write_text((POLICIES / CAST).read_text("utf-8"))
    (tmp_path / "user.cases.yaml").write_text(CASES.replace(before, after, 1))
    with pytest.raises(PolicyInvalid) as refused:
        read_cases(tmp_path)
    assert message in refused.value.message


@pytest.mark.parametrize("role", Role)
def test_a_customers_people_are_told_of_no_capability_that_they_have_nowhere(
    policy: Policy, cases: tuple[Case, ...], role: Role
) -> None:
    """`viewer.capabilities` tells what is granted on some record, so there is a case with such a record."""
    who = Principal(
        tenant_id="meadow", kind=TenantKind.CUSTOMER, roles=(role.value,), cloud=Cloud.PUBLIC, market="US"
    )
    told = {
        (name, action)
        for name, resource in RESOURCES.items()
        if resource.model is not None
        for action in resource.actions
        if policy.predicate(who, action, resource).allowed
    }
    granted = {
        (case.resource.name, expectation.action)
        for case in cases
        if case.principal.kind is TenantKind.CUSTOMER
        for expectation in case.expectations()
        if expectation.expected == ALLOWED and role.value in expectation.principal.roles
    }
    assert told <= granted
    # It is a role of partners: nothing is granted to a customer's billing admin.
    assert role is not Role.BILLING_ADMIN or not told
