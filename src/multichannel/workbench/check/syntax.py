"""The statements of a policy; each that the engine cannot parse is a finding of its own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from polar.exceptions import IntegerOverflow, InvalidTokenCharacter, OsoError, ParserError, UnrecognizedEOF
from polar.ffi import Polar
from polar.ffi import PolarSource as EngineSource

from multichannel.policy.decide.oso_engine import within_bounds
from multichannel.policy.language.ast import Span
from multichannel.policy.language.source import Malformed, PolicySource, Rule
from multichannel.workbench.check.codes import finding
from multichannel.workbench.findings import Finding

ENDS_OF_TEXT = {"\n", "\0"}
"""What the engine reports for a text that has no closing quote."""
QUOTE = re.compile(r'(?<!\\)"')
OTHER_QUOTES = {
    "'",
    "\N{LEFT DOUBLE QUOTATION MARK}",
    "\N{RIGHT DOUBLE QUOTATION MARK}",
    "\N{RIGHT SINGLE QUOTATION MARK}",
}
"""The quotes of word processors and of other languages."""


class _QuietEngine(Polar):
    """An engine that prints no warnings: the meaning of a statement is checked elsewhere."""

    def process_messages(self) -> None:
        """Print nothing."""


def read_statements(source: PolicySource) -> Iterator[Rule | Finding]:
    """Every statement, or its syntax error, file by file; the engine decides what is an error."""
    for each in source.statements:
        text = each.text
        error = _syntax_error(text)
        if error is not None:
            message, span = error
            yield finding(each, "syntax", span, message, _hint(text, span.start))
        elif isinstance(each, Malformed):
            at = each.fault.at
            hint = _quoting(text, at) or "This form is not supported in policies."
            yield finding(each, "syntax", Span(at, at + 1), str(each.fault), hint)
        else:
            yield each


def _syntax_error(text: str) -> tuple[str, Span] | None:
    """A message and its place; None if the engine can read the statement, valid or not."""
    engine = _QuietEngine()  # type: ignore[no-untyped-call]
    engine.set_message_enricher(str)  # type: ignore[no-untyped-call]
    try:
        engine.load([EngineSource(within_bounds(text), "")])
    except ParserError as error:
        return _explained(text, error)
    except OsoError:
        return None
    return None


def _explained(text: str, error: ParserError) -> tuple[str, Span]:
    details: dict[str, Any] = error.details
    # The engine counts bytes.
    at = len(text.encode()[: details["loc"]].decode(errors="ignore"))
    token = str(details.get("token", ""))
    if isinstance(error, UnrecognizedEOF):
        end = max(len(text.rstrip()), 1)
        return "unexpected end of statement: `;` or a closing bracket is missing", Span(end - 1, end)
    if isinstance(error, IntegerOverflow):
        return f"the number {token} is too large", Span(at, at + len(token))
    if isinstance(error, InvalidTokenCharacter):
        opening = text.rfind('"', 0, at + 1) if details["c"] in ENDS_OF_TEXT else -1
        if opening >= 0:
            return 'unterminated string: closing `"` is missing', Span(opening, opening + len(token) + 1)
        return f"invalid character `{details['c']}`", Span(at, at + 1)
    if text[at : at + 1] == '"':
        token = f'"{token}"'
    return f"unexpected `{token}`", Span(at, at + max(len(token), 1))


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
