"""The table of refusals."""

from __future__ import annotations

import re
from pathlib import Path
from string import Formatter

import pytest

import multichannel
from multichannel.domain.refusals import MUTATION_REFUSALS, SUPPORT_REASONS, TRANSFER_REASONS, Refusal

SOURCES = {
    path: path.read_text("utf-8")
    for path in Path(multichannel.__file__).parent.rglob("*.py")
    if path.name != "refusals.py"
}


@pytest.mark.parametrize("refusal", Refusal)
def test_every_refusal_has_a_sentence_and_a_known_form_of_rule(refusal: Refusal) -> None:
    assert refusal.message[0].isupper()
    assert refusal.message.endswith(".")
    assert "R4" not in refusal.message
    assert refusal.rule is None or re.fullmatch(r"R\d{1,2}|SM[1-9]", refusal.rule)


@pytest.mark.parametrize("refusal", TRANSFER_REASONS)
def test_every_reason_against_a_transfer_has_a_rule(refusal: Refusal) -> None:
    assert refusal.rule


@pytest.mark.parametrize("refusal", Refusal)
def test_every_refusal_is_used(refusal: Refusal) -> None:
    assert any(re.search(rf"\bRefusal\.{refusal.name}\b", text) for text in SOURCES.values())


def test_every_refusal_is_of_a_mutation_a_transfer_or_a_support_option() -> None:
    assert {*MUTATION_REFUSALS, *TRANSFER_REASONS, *SUPPORT_REASONS} == set(Refusal)
    assert set(MUTATION_REFUSALS) & set(TRANSFER_REASONS) == set(TRANSFER_REASONS[:2])
    assert not set(SUPPORT_REASONS) & {*MUTATION_REFUSALS, *TRANSFER_REASONS}


def test_an_error_has_the_code_rule_path_and_message_of_its_row() -> None:
    error = Refusal.DOMAIN_TAKEN.error()
    assert (error.code, error.rule, error.path) == ("DOMAIN_TAKEN", None, ("domain",))
    assert error.message == str(error) == Refusal.DOMAIN_TAKEN.message
    assert Refusal.AGREEMENT_REQUIRED.error().path == ()
    assert Refusal.PARENT_NOT_ACTIVE.error(path="parentId").path == ("parentId",)


def test_an_error_adds_what_is_known_to_its_message() -> None:
    error = Refusal.TRANSFER_ALREADY_DECIDED.error(status="DECLINED")
    assert error.message == "The transfer is no longer pending. Its status is DECLINED."
    with pytest.raises(KeyError):
        Refusal.TRANSFER_ALREADY_DECIDED.error(state="DECLINED")


def test_only_details_have_fields() -> None:
    assert {
        refusal for refusal in Refusal if any(field for _, field, _, _ in Formatter().parse(refusal.message))
    } == set()
