"""Of every subscription of the demo world, the options tell what the mutations do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from sqlalchemy.orm import Session

from multichannel.demo.cast import ORGANISATIONS, fixed_id
from multichannel.demo.cast import PERSONAS as PERSONAS_OF_DEMO
from multichannel.domain.commerce import StopReason
from multichannel.domain.customer_options import CUSTOMER_OPTIONS
from multichannel.domain.refusals import Refusal
from multichannel.domain.relationships import ResellerRelationship
from multichannel.domain.subscriptions import Subscription
from multichannel.domain.support import PARTNER_OPTIONS, SupportOptionKind, transfer_kind
from multichannel.domain.transfers import TransferKind
from multichannel.errors import Denied, NotPermitted, NotVisible, Refused
from multichannel.policy.decide.policy import Policy
from multichannel.policy.language.source import PolicySource
from multichannel.policy.schema.resources import PARTNER
from multichannel.policy.schema.vocabulary import Principal
from multichannel.services.confirmations import confirm_external_subscription
from multichannel.services.relationships import RelationshipRequest, request_reseller_relationship
from multichannel.services.subscriptions import (
    assign_support_contact,
    cancel_service,
    cancel_subscription,
    move_subscription_to_csp,
)
from multichannel.services.support import support_options
from multichannel.services.support_option import SupportOption
from multichannel.services.switch_requests import SwitchRequest, request_switch
from multichannel.services.transfers import TransferRequest, request_transfer
from multichannel.store.store import Store
from multichannel.store.unit_of_work import UnitOfWork
from multichannel.store.users import EVERY_ROLE
from tests.services.conftest import UseCases
from tests.world import one_engine

pytestmark = one_engine
REQUEST, RECREATE, TRANSFER, _, _ = PARTNER_OPTIONS
CONFIRM, CANCEL, CANCEL_SERVICE, CONTACT, SWITCH = CUSTOMER_OPTIONS
PERSONAS = ("alder-admin-agent", "birch-sales-agent", "cedar-admin-agent", "willow-sales-agent")
BESIDES = {"SOLD_BY_ANOTHER_PARTNER", "NO_RELATIONSHIP", "NOT_GRANTED"}
"""Blockers that the mutation does not know, or that the policy denies without a code."""
OF_THE_SOURCE = {"NOT_CSP", "SUBSCRIPTION_NOT_ACTIVE", "SUBSCRIPTION_SUSPENDED", "LEGACY_LICENSE", "TRIAL"}
"""Blockers that the source is refused for when it accepts, but not the target when it requests."""


class RolledBack(Exception):
    """Ends a transaction without a trace."""


def codes_of(use_cases: UseCases, persona: str, use_case: Callable[[UnitOfWork], Any]) -> set[str]:
    """What a use case is refused or denied with, if it is; nothing is kept."""

    def rolled_back(work: UnitOfWork) -> Any:
        use_case(work)
        raise RolledBack

    try:
        use_cases.run(persona, rolled_back)
    except RolledBack:
        return set()
    except NotPermitted as denial:
        return {*denial.reasons, denial.code}
    except (Refused, Denied) as refusal:
        return {refusal.code}
    raise AssertionError("a use case that ends without an error")


def options_of(use_cases: UseCases, persona: str) -> dict[str, list[SupportOption]]:
    ids = [row.id for row in use_cases.rows(Subscription)]
    return use_cases.read(persona, lambda work: support_options(work, ids))


def use_case_of(kind: SupportOptionKind, row: Subscription, seller: str) -> Callable[[UnitOfWork], Any]:
    request = TransferRequest(
        kind=transfer_kind(row),
        customer_id=row.customer_id,
        source_directory_id=row.billing_partner_id or seller,
        product_types=(),
        partner_of_record_directory_id=None,
    )
    return {
        REQUEST: lambda work: request_reseller_relationship(
            work, RelationshipRequest(address=row.customer_id)
        ),
        RECREATE: lambda work: move_subscription_to_csp(work, row.id),
        TRANSFER: lambda work: request_transfer(work, request),
    }[kind]


@pytest.mark.parametrize("agreed", [False, True])
@pytest.mark.parametrize("persona", PERSONAS)
def test_an_option_is_available_if_and_only_if_its_mutation_is_possible(
    use_cases: UseCases, persona: str, *, agreed: bool
) -> None:
    if agreed:
        for customer in ("meadow", "canyon", "quarry", "thistle", "ember"):
            use_cases.agree(f"{customer}-global-admin", customer)
    another = next(each.id for each in ORGANISATIONS if each.key == "linden")
    checked = 0
    for row_id, options in options_of(use_cases, persona).items():
        row = use_cases.row(Subscription, id=row_id)
        if row.billing_partner_id == use_cases.world.principal(persona).tenant_id:
            assert {option.blocked_by[0].code for option in options} == {"ALREADY_YOURS"}
            continue
        for option in options:
            if option.kind not in {REQUEST, RECREATE, TRANSFER}:
                continue
            if option.kind is TRANSFER and transfer_kind(row) is TransferKind.MANUAL_SWITCH:
                continue  # the source starts it
            codes = codes_of(use_cases, persona, use_case_of(option.kind, row, another))
            later = OF_THE_SOURCE if option.kind is TRANSFER else set()
            blocked = {blocker.code for blocker in option.blocked_by} - later
            if not blocked:
                assert codes == set(), (row.friendly_name, option)
            elif blocked - BESIDES:
                assert codes & {*blocked, "NOT_FOUND"}, (row.friendly_name, option, codes)
            checked += 1
    assert checked


CUSTOMERS = ("meadow", "canyon", "quarry", "thistle", "ember")
PARTNERS = ("alder", "birch", "cedar", "dogwood", "hazel", "linden", "willow", "laurel")
SUMMARY = "PARTNER_NOT_ABLE"
OF_THE_TARGET = {"TARGET_UNRELATED", "SAME_PARTNER", "LINES_NOT_ELIGIBLE"}
"""What a switch is refused for, in place of the reasons that its option tells."""


def blockers(options: list[SupportOption]) -> dict[SupportOptionKind, set[str]]:
    return {option.kind: {blocker.code for blocker in option.blocked_by} for option in options}


def partner_principal(use_cases: UseCases, partner: str) -> Principal:
    """Whoever has every role of a partner."""
    persona = next(each.name for each in PERSONAS_OF_DEMO if each.organisation.key == partner)
    return replace(use_cases.world.principal(persona), roles=EVERY_ROLE)


def options_of_partner(use_cases: UseCases, customer: str, partner: str) -> dict[str, list[SupportOption]]:
    """What the customer is told that a partner could do with each of its subscriptions."""
    ids = [row.id for row in use_cases.rows(Subscription)]
    return use_cases.read(
        f"{customer}-global-admin", lambda work: support_options(work, ids, fixed_id(partner))
    )


@pytest.mark.rule("R71")
@pytest.mark.parametrize("customer", CUSTOMERS)
def test_a_customer_is_told_of_a_partner_what_the_partner_is_told_but_for_its_own_affairs(
    use_cases: UseCases, customer: str
) -> None:
    principal = use_cases.world.principal(f"{customer}-global-admin")
    with use_cases.world.store.reading(principal) as work:
        known = set(work.reader.records(PARTNER, (), "id", [fixed_id(partner) for partner in PARTNERS]))
    compared = 0
    for partner in PARTNERS:
        if fixed_id(partner) not in known:
            with pytest.raises(NotVisible):
                options_of_partner(use_cases, customer, partner)
            continue
        told = options_of_partner(use_cases, customer, partner)
        assert told.keys() == {row.id for row in use_cases.rows(Subscription, customer_id=fixed_id(customer))}
        with use_cases.world.store.reading(partner_principal(use_cases, partner)) as work:
            own = support_options(work, [*told])
        for row_id, options in own.items():
            compared += 1
            customers, partners = blockers(told[row_id]), blockers(options)
            for kind in PARTNER_OPTIONS:
                hidden = partners[kind] - customers[kind]
                assert customers[kind] - partners[kind] == ({SUMMARY} if hidden else set())
    assert compared


@pytest.mark.rule("R71")
def test_why_a_partner_is_restricted_is_told_to_those_who_may_read_the_partner(use_cases: UseCases) -> None:
    """Meadow has nothing to do with Birch any more."""
    azure = fixed_id("meadow-azure-ea.subscription")
    summarized = blockers(options_of_partner(use_cases, "meadow", "birch")[azure])
    principal, store = use_cases.world.principal("meadow-global-admin"), use_cases.world.store
    files = dict(use_cases.world.policy.source.texts)
    files["partner.polar"] += 'grant("global_admin", "customer", "read", _: Partner);'
    policy = Policy(PolicySource(tuple(files.items())))
    with Store(store.engine, lambda: policy, store.clock).reading(principal) as work:
        explained = blockers(support_options(work, [azure], fixed_id("birch"))[azure])

    missing = {"AGREEMENT_REQUIRED", "NO_RELATIONSHIP"}
    assert summarized[RECREATE] == {SUMMARY, *missing}
    assert explained[RECREATE] == {"RESTRICTED_PARTNER", *missing}


@pytest.mark.rule("R71")
def test_messages_to_a_customer_speak_of_the_partner(use_cases: UseCases) -> None:
    # A request to a company that is not known yet has no customer.
    for link in (each for each in use_cases.rows(ResellerRelationship) if each.customer_id is not None):
        customer, partner = (
            next(each.key for each in ORGANISATIONS if each.id == key)
            for key in (link.customer_id, link.partner_id)
        )
        for options in options_of_partner(use_cases, customer, partner).values():
            for blocker in (blocker for option in options for blocker in option.blocked_by):
                refusal = Refusal.__members__.get(blocker.code)
                if refusal is not None and refusal.of_partner:
                    assert blocker.message == refusal.of_partner


def test_a_partner_is_not_told_what_another_could_do(use_cases: UseCases) -> None:
    ids = [row.id for row in use_cases.rows(Subscription)]
    for persona, partner, error in (
        ("alder-admin-agent", "birch", NotVisible),
        ("dogwood-sales-agent", "cedar", NotPermitted),
        ("meadow-global-admin", "meadow", None),
        ("alder-admin-agent", "alder", None),
    ):

        def read(persona: str = persona, partner: str = partner) -> Any:
            return use_cases.read(persona, lambda work: support_options(work, ids, fixed_id(partner)))

        if error is None:
            assert read() == use_cases.read(persona, lambda work: support_options(work, ids))
        else:
            with pytest.raises(error):
                read()


def customer_use_cases(kind: SupportOptionKind, row: Subscription) -> list[Callable[[UnitOfWork], Any]]:
    """The mutations of a customer for an option; one that is possible is enough."""
    version = row.version
    if kind is CONFIRM:
        return [partial(confirm_external_subscription, row_id=row.id, expected_version=version)]
    if kind is CANCEL:
        reason = StopReason.CUSTOMER_REQUEST
        return [partial(cancel_subscription, row_id=row.id, reason=reason, expected_version=version)]
    if kind is CANCEL_SERVICE:
        return [
            partial(cancel_service, row_id=row.id, service=name, expected_version=version)
            for name in [*row.services, "unknown"]
        ]
    if kind is SWITCH:
        switches = [
            SwitchRequest(subscription_id=row.id, target_directory_id=fixed_id(key), notice="Please.")
            for key in PARTNERS
        ]
        return [partial(request_switch, request=each) for each in switches]
    return [
        partial(assign_support_contact, row_id=row.id, directory_id=fixed_id(key), expected_version=version)
        for key in PARTNERS
    ]


@pytest.mark.rule("R71")
@pytest.mark.parametrize(
    ("customer", "moved"),
    [("meadow", True), *((customer, False) for customer in (*CUSTOMERS, "summit", "prairie"))],
)
def test_an_option_of_a_customer_is_available_if_and_only_if_its_mutation_is_possible(
    use_cases: UseCases, customer: str, *, moved: bool
) -> None:
    persona = f"{customer}-global-admin"
    if moved:
        use_cases.agree(persona, customer)
        azure = fixed_id("meadow-azure-ea.subscription")
        use_cases.run("alder-admin-agent", lambda work: move_subscription_to_csp(work, azure))
    for row_id, options in options_of(use_cases, persona).items():
        row = use_cases.row(Subscription, id=row_id)
        for option in options:
            blocked = {blocker.code for blocker in option.blocked_by}
            answers = [codes_of(use_cases, persona, each) for each in customer_use_cases(option.kind, row)]
            if not blocked:
                assert set() in answers, (row.friendly_name, option)
            elif blocked != {"ALREADY_CONFIRMED"}:
                known = blocked | {"FORBIDDEN", "CONTACT_NOT_AVAILABLE", *OF_THE_TARGET}
                assert all(codes & known for codes in answers), (row.friendly_name, option, answers)


@pytest.mark.rule("R71")
def test_a_record_that_is_confirmed_or_contested_is_not_confirmed(use_cases: UseCases) -> None:
    azure = fixed_id("canyon-azure-ea-by-birch.subscription")

    def confirmations() -> set[str]:
        return blockers(options_of(use_cases, "canyon-global-admin")[azure])[CONFIRM]

    assert confirmations() == set()
    use_cases.run(
        "canyon-global-admin", lambda work: confirm_external_subscription(work, azure, expected_version=1)
    )
    assert confirmations() == {"ALREADY_CONFIRMED"}
    with Session(use_cases.world.store.engine) as session:
        session.get_one(Subscription, fixed_id("canyon-azure-alder.subscription")).entitlement_id = fixed_id(
            "canyon-azure-ea.entitlement"
        )
        session.commit()
    assert confirmations() == {"ALREADY_CONFIRMED", "ALREADY_CSP"}


@pytest.mark.rule("R71")
def test_a_customer_without_partners_names_no_support_contact_and_switches_nothing(
    use_cases: UseCases,
) -> None:
    office = fixed_id("prairie-office-direct.subscription")
    found = blockers(options_of(use_cases, "prairie-global-admin")[office])

    assert found[CONTACT] == {"NO_PARTNER"}
    assert found[SWITCH] == {"NOT_CSP", "LEGACY_LICENSE", "NO_OTHER_PARTNER"}
    csp = blockers(options_of(use_cases, "meadow-global-admin")[fixed_id("meadow-mail-alder.subscription")])
    assert csp[SWITCH] == set()
