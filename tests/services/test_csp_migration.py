from __future__ import annotations

import pytest

from multichannel.demo.cast import ALDER, fixed_id
from multichannel.domain.commerce import Channel, StopReason, SubscriptionStatus
from multichannel.domain.subscriptions import Subscription
from multichannel.services.subscriptions import cancel_service, cancel_subscription, move_subscription_to_csp
from tests.services.conftest import UseCases
from tests.world import one_engine

pytestmark = one_engine
EA = fixed_id("meadow-azure-ea.subscription")


def move(use_cases: UseCases) -> str:
    return use_cases.run("alder-admin-agent", lambda work: move_subscription_to_csp(work, EA))


@pytest.mark.rule("R5")
def test_azure_is_recreated_once_and_the_old_subscription_stays(use_cases: UseCases) -> None:
    use_cases.agree("alder-admin-agent", "meadow")
    before = use_cases.row(Subscription, id=EA)
    made = use_cases.row(Subscription, id=move(use_cases))

    assert (made.channel, made.billing_partner_id, made.continues_id) == (Channel.CSP, ALDER.id, EA)
    assert made.services == before.services
    after = use_cases.row(Subscription, id=EA)
    assert (after.version, after.stored_status) == (before.version, SubscriptionStatus.ACTIVE)
    assert (
        use_cases.refused("alder-admin-agent", lambda work: move_subscription_to_csp(work, EA))
        == "ALREADY_MOVED"
    )


@pytest.mark.rule("R5")
def test_it_can_be_recreated_again_after_the_first_was_canceled(use_cases: UseCases) -> None:
    use_cases.agree("alder-admin-agent", "meadow")
    first = move(use_cases)
    use_cases.run(
        "alder-admin-agent",
        lambda work: cancel_subscription(work, first, StopReason.CUSTOMER_REQUEST, expected_version=1),
    )

    assert move(use_cases) != first


@pytest.mark.rule("R13")
def test_without_agreement_nothing_is_recreated(use_cases: UseCases) -> None:
    code = use_cases.refused("alder-admin-agent", lambda work: move_subscription_to_csp(work, EA))

    assert code == "AGREEMENT_REQUIRED"
    assert use_cases.rows(Subscription, continues_id=EA) == []


@pytest.mark.rule("R5")
def test_a_service_is_canceled_only_after_it_was_recreated(use_cases: UseCases) -> None:
    row = use_cases.row(Subscription, id=EA)
    service = row.services[0]

    def cancel(version: int) -> str:
        return use_cases.run(
            "meadow-global-admin", lambda work: cancel_service(work, EA, service, expected_version=version)
        )

    code = use_cases.refused(
        "meadow-global-admin", lambda work: cancel_service(work, EA, service, expected_version=row.version)
    )
    assert code == "NOT_MOVED_YET"
    use_cases.agree("alder-admin-agent", "meadow")
    move(use_cases)
    assert cancel(row.version) == EA
    assert use_cases.row(Subscription, id=EA).canceled_services == [service]
