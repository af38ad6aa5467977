"""Whom the customer agreement binds (SM6)."""

from __future__ import annotations

import pytest

from multichannel.demo.cast import ALDER
from multichannel.domain.agreements import is_bound
from multichannel.domain.refusals import Refusal
from multichannel.domain.tenants import Cloud


@pytest.mark.rule("R13")
def test_without_an_agreement_a_customer_is_not_bound() -> None:
    assert not is_bound([], ALDER.id, Cloud.PUBLIC)
    assert Refusal.AGREEMENT_REQUIRED.rule == "R13"
