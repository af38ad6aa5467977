"""The statements of a policy; each that cannot be parsed is a finding of its own."""

from __future__ import annotations

import re
from collections.abc import Iterator

from multichannel.policy.language.ast import Span
from multichannel.policy.language.source import Malformed, PolicySource, Rule
from multichannel.workbench.check.codes import finding
from multichannel.workbench.check.syntax_errors import syntax_problem
from multichannel.workbench.findings import Finding

QUOTE = re.compile(r'(?<!\\)"')
OTHER_QUOTES = {
    "'",
    "\N{LEFT DOUBLE QUOTATION MARK}",
    "\N{RIGHT DOUBLE QUOTATION MARK}",
    "\N{RIGHT SINGLE QUOTATION MARK}",
}
"""The quotes of word processors and of other languages."""


def read_statements(source: PolicySource) -> Iterator[Rule | Finding]:
    """Every statement, or what is wrong with its syntax, file by file; the engine decides what is wrong."""
    for each in source.statements:
        text = each.text
        wrong = syntax_problem(text)
        if wrong is not None:
            span = Span(wrong.at, wrong.at + wrong.length)
            yield finding(each, "syntax", span, wrong.message, _hint(text, wrong.at))
        elif isinstance(each, Malformed):
            at, hint = (
                each.fault.at,
                _quoting(text, each.fault.at) or "This form is not supported in policies.",
            )
            yield finding(each, "syntax", Span(at, at + 1), str(each.fault), hint)
        else:
            yield each


def _hint(text: str, at: int) -> str:
    """What may be missing."""
    if quoting := _quoting(text, at):
        return quoting
    before = text[:at].rstrip()
    if before and "\n" in text[len(before) : at] and before[-1] not in ";,({[":
        return "Is `;` or `and` missing at the end of the previous line?"
    return ""


def _quoting(text: str, at: int) -> str:
    """What may be wrong with the quotes of a line."""
    if text[at : at + 1] in OTHER_QUOTES:
        return "Strings are written in double quotes."
    line = text[text.rfind("\n", 0, at) + 1 :].partition("\n")[0]
    is_odd = len(QUOTE.findall(line)) % 2 == 1 and text[at : at + 1] != '"'
    return 'The line has an odd number of `"`.' if is_odd else ""
