"""What the engine says about the form of a single statement, and at which of its characters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from polar.exceptions import IntegerOverflow, InvalidTokenCharacter, OsoError, ParserError, UnrecognizedEOF
from polar.ffi import Polar
from polar.ffi import PolarSource as EngineSource

from multichannel.policy.decide.oso_engine import within_bounds

ENDS_OF_TEXT = {"\n", "\0"}
"""What the engine finds in a text that has no closing quote."""


@dataclass(frozen=True, slots=True)
class SyntaxProblem:
    """Why a text is no statement: one clause, and from which of its characters on, how many."""

    message: str
    at: int
    length: int = 1


class _QuietEngine(Polar):
    """An engine that prints no warnings: what a statement means is not the question here."""

    def process_messages(self) -> None:
        """Nothing is printed."""


def syntax_problem(text: str) -> SyntaxProblem | None:
    """What is wrong with the form of a statement; None if the engine can read it, whatever it means."""
    engine = _QuietEngine()  # type: ignore[no-untyped-call]
    engine.set_message_enricher(str)  # type: ignore[no-untyped-call]
    try:
        engine.load([EngineSource(within_bounds(text), "")])
    except ParserError as error:
        return _complaint(text, error)
    except OsoError:
        return None
    return None


def _complaint(text: str, error: ParserError) -> SyntaxProblem:
    details: dict[str, Any] = error.details
    # The engine counts bytes.
    at = len(text.encode()[: details["loc"]].decode(errors="ignore"))
    token = str(details.get("token", ""))
    if isinstance(error, UnrecognizedEOF):
        end = len(text.rstrip())
        return SyntaxProblem(
            "unexpected end of statement: `;` or a closing bracket is missing", max(end - 1, 0)
        )
    if isinstance(error, IntegerOverflow):
        return SyntaxProblem(f"the number {token} is too large", at, len(token))
    if isinstance(error, InvalidTokenCharacter):
        return _unreadable(text, details["c"], at, token)
    if text[at : at + 1] == '"':
        token = f'"{token}"'
    return SyntaxProblem(f"unexpected `{token}`", at, max(len(token), 1))


def _unreadable(text: str, character: str, at: int, token: str) -> SyntaxProblem:
    if character in ENDS_OF_TEXT:
        opening = text.rfind('"', 0, at + 1)
        if opening >= 0:
            return SyntaxProblem('unterminated string: closing `"` is missing', opening, len(token) + 1)
    return SyntaxProblem(f"invalid character `{character}`", at)
