"""The tokens of policy files."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import NamedTuple

TOKEN = re.compile(
    r"""(?:\s+|\#[^\n]*)*(?:(?P<string>"(?:\\.|[^"\\])*")|(?P<number>\d+(?:\.\d+)?)|(?P<word>[A-Za-z_]\w*(?:::\w+)*)"""
    r"""|(?P<mark>\?=|:=|<=|>=|!=|==|[-=<>+*/.,:;(){}\[\]|])|(?P<invalid>.)|(?P<end>\Z))""",
    re.DOTALL,
)


class SyntaxFault(ValueError):
    """A violation of the grammar, and its offset in the text of the statement."""

    def __init__(self, message: str, at: int) -> None:
        super().__init__(message)
        self.at = at


class Token(NamedTuple):
    """A token; its span is relative to the statement."""

    kind: str
    text: str
    start: int
    end: int


def tokens(text: str) -> Iterator[Token]:
    """The tokens of a text, without comments and layout."""
    place = 0
    while (token := token_at(text, place, 0)).kind != "end":
        yield token
        place = token.end


def token_at(text: str, place: int, base: int) -> Token:
    """The first token from an offset on, with offsets from `base`."""
    match = TOKEN.match(text, place)
    if match is None or match.lastgroup is None:
        raise AssertionError("every text begins with a token or ends")
    start, end = match.span(match.lastgroup)
    return Token(match.lastgroup, text[start:end], start - base, end - base)


def constant(token: Token) -> str | int | float:
    """The value of a string or a number; SyntaxFault if it is invalid."""
    try:
        if token.kind == "number":
            return float(token.text) if "." in token.text else int(token.text)
        return str(ast.literal_eval(token.text))
    except (SyntaxError, ValueError) as error:
        raise SyntaxFault(f"invalid {token.kind}: {error}", token.start) from error
