"""Whatever is done to a policy, a check tells what is wrong with it, and never less than its loading does."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from multichannel.errors import PolicyInvalid
from multichannel.policy.decide.oso_engine import PolicyFault
from multichannel.policy.decide.policy import Policy
from multichannel.policy.language.source import PolicySource
from multichannel.policy.language.tokens import tokens
from multichannel.server.bootstrap import SHIPPED_POLICIES
from multichannel.workbench.check import check_source
from multichannel.workbench.findings import Finding, Level
from tests.workbench.check.seeding import SHIPPED

FILES = ("choices.polar", "main.polar", "roles.polar", "system.polar", "user.polar")
"""As little of the shipped policy as loads."""
SMALL = {name: text for name, text in SHIPPED.texts if name in FILES}


@st.composite
def _edited(draw: st.DrawFn) -> PolicySource:
    """A policy with tokens of one or two statements dropped, repeated or exchanged."""
    texts = dict(SMALL)
    for _ in range(draw(st.integers(1, 2))):
        name = draw(st.sampled_from(FILES))
        spans = [(token.start, token.end) for token in tokens(texts[name])]
        one, other = sorted(draw(st.lists(st.sampled_from(spans), min_size=2, max_size=2)))
        texts[name] = _done(draw(st.sampled_from(("drop", "repeat", "exchange"))), texts[name], one, other)
    return PolicySource(tuple(texts.items()))


def _done(edit: str, text: str, one: tuple[int, int], other: tuple[int, int]) -> str:
    word = text[slice(*one)]
    if edit == "drop":
        return text[: one[0]] + text[one[1] :]
    if edit == "repeat" or other[0] < one[1]:
        return f"{text[: one[1]]} {word} {text[one[1] :]}"
    between = text[one[1] : other[0]]
    return f"{text[: one[0]]}{text[slice(*other)]}{between}{word}{text[other[1] :]}"


def _loads(source: PolicySource) -> bool:
    with contextlib.suppress(PolicyInvalid, PolicyFault):
        Policy(source)
        return True
    return False


def _is_a_place(finding: Finding, source: PolicySource) -> bool:
    lines = dict(source.texts)[finding.file].split("\n")
    line = lines[finding.line - 1]
    return (
        1 <= finding.column <= len(line) + 1 and finding.column - 1 + finding.length <= max(len(line), 1) + 1
    )


@settings(max_examples=40, deadline=None, derandomize=True)
@given(_edited())
def test_what_does_not_load_has_an_error_and_each_finding_has_a_place_in_the_text(
    source: PolicySource,
) -> None:
    checked = check_source(source, SHIPPED_POLICIES)

    assert checked.loads == _loads(source)
    assert checked.loads or any(
        finding.level is Level.ERROR and finding.code != "ungranted-action" for finding in checked.findings
    )
    assert [str(finding) for finding in checked.findings if not _is_a_place(finding, source)] == []


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.text(alphabet='abc"#;(){}[]:=,._ \n\tGRANTé日😀forbid', max_size=80))
def test_any_text_at_all_is_answered_with_findings(text: str) -> None:
    source = PolicySource((("main.polar", text),))

    findings = check_source(source, SHIPPED_POLICIES).findings

    assert any(finding.level is Level.ERROR for finding in findings)
    assert [str(finding) for finding in findings if not _is_a_place(finding, source)] == []


@pytest.mark.parametrize("text", ['grant("日")', "日;", 'grant("é" "é");', "# ééééé\ngrant(", '"😀😀'])
def test_characters_of_several_bytes_before_a_fault_do_not_end_the_process(text: str) -> None:
    source = PolicySource((("main.polar", text),))

    assert "syntax" in [finding.code for finding in check_source(source, SHIPPED_POLICIES).findings]
    with pytest.raises(PolicyInvalid):
        Policy(source)
