"""The grammar of policy statements. The engine is what accepts or refuses them; this tells their parts."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, TypeVar

from multichannel.errors import PolicyInvalid
from multichannel.policy.language.ast import (
    COMPARISONS,
    Call,
    Dot,
    Listed,
    Literal,
    Name,
    Operation,
    Parameter,
    Pattern,
    Span,
    Statement,
    Term,
)

if TYPE_CHECKING:
    from multichannel.policy.language.source import Rule

TOKEN = re.compile(
    r"""\s+|\#[^\n]*|(?P<text>"(?:\\.|[^"\\])*")|(?P<number>\d+(?:\.\d+)?)|(?P<word>[A-Za-z_]\w*(?:::\w+)*)"""
    r"""|(?P<mark>\?=|:=|<=|>=|!=|==|[-=<>+*/.,:;(){}\[\]|])""",
)
CONSTANTS: dict[str, bool | None] = {"true": True, "false": False, "nil": None}
BLOCKS = {"resource", "actor"}
ALONE = {"cut"}
CALLED = {"debug", "forall", "print", "new"}
CACHED = 10_000

_T = TypeVar("_T")


class GrammarError(ValueError):
    """A statement that has another form, with the character where it departs from the grammar."""

    def __init__(self, message: str, at: int) -> None:
        """Say what is wrong, and at which character of the statement."""
        super().__init__(message)
        self.at = at


def parsed(rule: Rule) -> Statement:
    """The tree of a statement; PolicyInvalid with file and line for a form that policies do not have."""
    try:
        return _parse(rule.text)
    except GrammarError as error:
        line, _ = rule.place(error.at)
        raise PolicyInvalid(f"{rule.file}:{line}: {error}") from error


@lru_cache(CACHED)
def _parse(text: str) -> Statement:
    return _Parser(text).statement()


class _Parser:
    """Descends from the statement to its terms, each method one level of precedence."""

    def __init__(self, text: str) -> None:
        self._tokens: list[tuple[str, str, Span]] = []
        place = 0
        while place < len(text):
            found = TOKEN.match(text, place)
            if found is None:
                raise GrammarError(f"`{text[place]}` has no meaning here", place)
            if found.lastgroup:
                self._tokens.append((found.lastgroup, found.group(), Span(place, found.end())))
            place = found.end()
        self._tokens.append(("end", "", Span(place, place)))
        self._at = 0

    def statement(self) -> Statement:
        """The whole text as one statement."""
        if self._takes("?="):
            return self._closed(Statement("query", "", (), self._disjunction()))
        keyword, name = "rule", self._word()
        if name in BLOCKS and self._next()[0] == "word":
            return Statement(name, self._word())
        if name == "type" and self._next()[0] == "word":
            keyword, name = name, self._word()
        self._expect("(")
        parameters = tuple(self._separated(")", self._parameter))
        body = self._disjunction() if self._takes("if") else None
        return self._closed(Statement(keyword, name, parameters, body))

    def _closed(self, statement: Statement) -> Statement:
        self._expect(";")
        if self._next()[0] != "end":
            raise self._unexpected()
        return statement

    def _parameter(self) -> Parameter:
        term = self._comparison()
        return Parameter(term, self._value() if self._takes(":") else None)

    def _disjunction(self) -> Term:
        return self._joined("or", self._conjunction)

    def _conjunction(self) -> Term:
        return self._joined("and", self._negation)

    def _joined(self, word: str, part: Callable[[], Term]) -> Term:
        parts = [part()]
        while self._takes(word):
            parts.append(part())
        return parts[0] if len(parts) == 1 else _operation(word, parts)

    def _negation(self) -> Term:
        start = self._next()[2].start
        if self._takes("not"):
            operand = self._negation()
            return Operation(Span(start, operand.span.end), "not", (operand,))
        return self._comparison()

    def _comparison(self) -> Term:
        left = self._sum()
        if self._next()[1] in COMPARISONS:
            operator = self._take()[1]
            return _operation(operator, [left, self._sum()])
        return left

    def _sum(self) -> Term:
        return self._chain(("+", "-"), self._product)

    def _product(self) -> Term:
        return self._chain(("*", "/", "mod", "rem"), self._looked_up)

    def _chain(self, operators: tuple[str, ...], part: Callable[[], Term]) -> Term:
        left = part()
        while self._next()[1] in operators:
            left = _operation(self._take()[1], [left, part()])
        return left

    def _looked_up(self) -> Term:
        term = self._value()
        while self._takes("."):
            kind, name, span = self._take()
            if kind not in {"word", "text"}:
                raise self._unexpected()
            arguments = tuple(self._separated(")", self._disjunction)) if self._takes("(") else None
            term = Dot(Span(term.span.start, self._end(span)), term, name, arguments)
        return term

    def _value(self) -> Term:
        kind, word, span = self._take()
        if kind == "text":
            return Literal(span, ast.literal_eval(word))
        if kind == "number":
            return Literal(span, float(word) if "." in word else int(word))
        if kind == "word":
            return self._named(word, span)
        return self._enclosed(word, span)

    def _enclosed(self, mark: str, span: Span) -> Term:
        if mark == "(":
            inner = self._disjunction()
            self._expect(")")
            return inner
        if mark == "[":
            items = tuple(self._separated("]", self._sum))
            return Listed(Span(span.start, self._end(span)), items)
        if mark == "{":
            return self._pattern(None, span)
        if mark != "-":
            self._at -= 1
            raise self._unexpected()
        operand = self._value()
        return Operation(Span(span.start, operand.span.end), mark, (operand,))

    def _named(self, word: str, span: Span) -> Term:
        if word in CONSTANTS:
            return Literal(span, CONSTANTS[word])
        if word in ALONE:
            return Operation(span, word, ())
        if word == "new":
            operand = self._value()
            return Operation(Span(span.start, operand.span.end), word, (operand,))
        if self._takes("("):
            arguments = tuple(self._separated(")", self._disjunction))
            whole = Span(span.start, self._end(span))
            return Operation(whole, word, arguments) if word in CALLED else Call(whole, word, arguments)
        if self._takes("{"):
            return self._pattern(word, span)
        return Name(span, word)

    def _pattern(self, name: str | None, span: Span) -> Pattern:
        fields = tuple(self._separated("}", self._field))
        return Pattern(Span(span.start, self._end(span)), name, fields)

    def _field(self) -> tuple[str, Term]:
        name = self._word()
        self._expect(":")
        return name, self._sum()

    def _separated(self, closing: str, part: Callable[[], _T]) -> list[_T]:
        """Parts with commas between them, up to the closing mark and with it."""
        parts: list[_T] = []
        while not self._takes(closing):
            if parts:
                self._expect(",")
            parts.append(part())
        return parts

    def _next(self) -> tuple[str, str, Span]:
        return self._tokens[self._at]

    def _take(self) -> tuple[str, str, Span]:
        token = self._tokens[self._at]
        if token[0] == "end":
            raise self._unexpected()
        self._at += 1
        return token

    def _takes(self, word: str) -> bool:
        kind, found, _ = self._next()
        taken = found == word and kind in {"word", "mark"}
        self._at += taken
        return taken

    def _expect(self, word: str) -> None:
        if not self._takes(word):
            raise GrammarError(f"expected `{word}`, found {self._found()}", self._next()[2].start)

    def _word(self) -> str:
        if self._next()[0] != "word":
            raise self._unexpected()
        return self._take()[1]

    def _end(self, start: Span) -> int:
        """Where what began at `start` ends: after the token that was taken last."""
        return max(start.end, self._tokens[self._at - 1][2].end)

    def _found(self) -> str:
        kind, found, _ = self._next()
        return "the end of the statement" if kind == "end" else f"`{found}`"

    def _unexpected(self) -> GrammarError:
        return GrammarError(f"did not expect {self._found()}", self._next()[2].start)


def _operation(operator: str, operands: list[Term]) -> Operation:
    return Operation(Span(operands[0].span.start, operands[-1].span.end), operator, tuple(operands))
