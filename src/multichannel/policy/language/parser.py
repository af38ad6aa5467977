"""A recursive descent parser for policy files, which recovers from errors at the next statement.

The engine decides whether a policy is valid; this parser provides the syntax trees that the engine does not.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from multichannel.policy.language.ast import (
    COMPARISONS,
    Call,
    Dot,
    ListLiteral,
    Literal,
    Name,
    Operation,
    Parameter,
    Pattern,
    Span,
    Statement,
    Term,
)
from multichannel.policy.language.tokens import SyntaxFault, Token, constant, token_at

STATEMENT_START = re.compile(
    r"^(?=(?:(?:type|resource|actor)[ \t]+)?[A-Za-z_]\w*[ \t]*[({]|\?=)", re.MULTILINE
)
"""Where parsing resumes after an error: at the start of a line."""
CONSTANTS: dict[str, bool | None] = {"true": True, "false": False, "nil": None}
BLOCKS = {"resource", "actor"}
ARITHMETIC = {"+": 1, "-": 1, "*": 2, "/": 2, "mod": 2, "rem": 2}
"""How tightly operators bind."""
BUILTINS = {"debug", "forall", "print", "new"}

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Parsed:
    """A statement of a file, or the text up to the next one that could not be parsed, with its offsets."""

    start: int
    end: int
    tree: Statement | SyntaxFault


def parse(text: str) -> Iterator[Parsed]:
    """Every statement of a policy file, in order; what cannot be parsed is in the result as a fault."""
    return _Parser(text).statements()


class _Parser:
    """Descends from the statement to its terms, each method one level of precedence."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._base = 0
        self._last_end = 0
        self._next = token_at(text, 0, 0)
        self._line_starts: list[int] | None = None
        self._calls: list[Call] = []

    def statements(self) -> Iterator[Parsed]:
        """Statement by statement, each with offsets from its own start."""
        while self._next.kind != "end":
            self._rebase(self._base + self._next.start)
            start = self._base
            try:
                tree: Statement | SyntaxFault = self._statement()
                end = start + self._last_end
            except SyntaxFault as fault:
                tree, end = fault, self._resume_after(start, start + fault.at)
            except RecursionError:
                tree = SyntaxFault("the statement is nested too deeply", 0)
                end = self._resume_after(start, start)
            yield Parsed(start, end, tree)
            self._rebase(end)

    def _rebase(self, base: int) -> None:
        self._base = base
        self._next = token_at(self._text, base, base)

    def _resume_after(self, start: int, at: int) -> int:
        """Where the next statement may begin: at the next line that looks like one, or behind a `;`."""
        if self._line_starts is None:
            self._line_starts = [match.start() for match in STATEMENT_START.finditer(self._text)]
        following = bisect_right(self._line_starts, start)
        limit = self._line_starts[following] if following < len(self._line_starts) else len(self._text)
        token = token_at(self._text, at, 0)
        while token.text != ";" and token.kind != "end" and token.end < limit:
            token = token_at(self._text, token.end, 0)
        return min(token.end, limit)

    def _statement(self) -> Statement:
        if self._accept("?="):
            head = Span(0, self._last_end)
            return self._terminated(Statement("query", "", head, (), self._disjunction()))
        keyword, name = "rule", self._word()
        if self._next.kind == "word" and name in BLOCKS:
            return self._block(name)
        if self._next.kind == "word" and name == "type":
            keyword, name = name, self._word()
        self._expect("(")
        parameters = tuple(self._separated(")", self._parameter))
        head = Span(0, self._last_end)
        if not self._accept("if"):
            return self._terminated(Statement(keyword, name, head, parameters))
        start = self._next.start
        self._calls = []
        body = self._disjunction()
        content = Span(start, self._last_end)
        return self._terminated(Statement(keyword, name, head, parameters, body, content, tuple(self._calls)))

    def _terminated(self, statement: Statement) -> Statement:
        self._expect(";")
        return statement

    def _block(self, keyword: str) -> Statement:
        """A block with whatever it holds: its contents are not parsed."""
        name = self._word()
        while self._next.text != "{":
            self._take()
        head = Span(0, self._last_end)
        self._take()
        start, end, depth = self._next.start, self._last_end, 1
        while depth:
            end = self._last_end
            depth += {"{": 1, "}": -1}.get(self._take().text, 0)
        return Statement(keyword, name, head, content=Span(start, end) if end > start else None)

    def _parameter(self) -> Parameter:
        term = self._comparison()
        return Parameter(term, self._value() if self._accept(":") else None)

    def _disjunction(self) -> Term:
        return self._joined("or", self._conjunction)

    def _conjunction(self) -> Term:
        return self._joined("and", self._negation)

    def _joined(self, word: str, part: Callable[[], Term]) -> Term:
        first = part()
        if self._next.text != word:
            return first
        parts = [first]
        while self._accept(word):
            parts.append(part())
        return _operation(word, parts)

    def _negation(self) -> Term:
        start = self._next.start
        if self._accept("not"):
            operand = self._negation()
            return Operation(Span(start, operand.span.end), "not", (operand,))
        return self._comparison()

    def _comparison(self) -> Term:
        left = self._arithmetic()
        if self._next.text in COMPARISONS:
            operator = self._take().text
            return _operation(operator, [left, self._arithmetic()])
        return left

    def _arithmetic(self, least: int = 1) -> Term:
        """A term with the operators that bind at least so tightly."""
        left = self._lookup()
        while (level := ARITHMETIC.get(self._next.text, 0)) >= least:
            left = _operation(self._take().text, [left, self._arithmetic(level + 1)])
        return left

    def _lookup(self) -> Term:
        term = self._value()
        while self._next.text == ".":
            self._take()
            if self._next.kind not in {"word", "string"}:
                raise self._unexpected()
            name = self._take().text
            arguments = tuple(self._separated(")", self._disjunction)) if self._accept("(") else None
            term = Dot(Span(term.span.start, self._last_end), term, name, arguments)
        return term

    def _value(self) -> Term:
        kind, text, start, end = self._next
        if kind in {"string", "number"}:
            return Literal(Span(start, end), constant(self._take()))
        if kind == "word":
            self._take()
            return self._named(text, Span(start, end))
        if self._accept("("):
            inner = self._disjunction()
            self._expect(")")
            return inner
        if self._accept("["):
            items = tuple(self._separated("]", self._arithmetic))
            return ListLiteral(Span(start, self._last_end), items)
        if self._accept("{"):
            return self._pattern(None, start)
        if self._accept("-"):
            operand = self._value()
            return Operation(Span(start, operand.span.end), "-", (operand,))
        raise self._unexpected()

    def _named(self, word: str, span: Span) -> Term:
        if word in CONSTANTS:
            return Literal(span, CONSTANTS[word])
        if word == "cut":
            return Operation(span, word, ())
        if word == "new":
            operand = self._value()
            return Operation(Span(span.start, operand.span.end), word, (operand,))
        if self._accept("("):
            return self._call(word, span.start)
        if self._accept("{"):
            return self._pattern(word, span.start)
        return Name(span, word)

    def _call(self, name: str, start: int) -> Term:
        arguments = tuple(self._separated(")", self._disjunction))
        span = Span(start, self._last_end)
        if name in BUILTINS:
            return Operation(span, name, arguments)
        self._calls.append(Call(span, name, arguments))
        return self._calls[-1]

    def _pattern(self, name: str | None, start: int) -> Pattern:
        fields = tuple(self._separated("}", self._field))
        return Pattern(Span(start, self._last_end), name, fields)

    def _field(self) -> tuple[str, Term]:
        name = self._word()
        self._expect(":")
        return name, self._arithmetic()

    def _separated(self, closing: str, part: Callable[[], _T]) -> list[_T]:
        """Parts separated by commas, up to and including the closing mark."""
        parts: list[_T] = []
        while not self._accept(closing):
            if parts:
                self._expect(",")
            parts.append(part())
        return parts

    def _take(self) -> Token:
        token = self._next
        if token.kind in {"end", "invalid"}:
            raise self._unexpected()
        self._last_end = token.end
        self._next = token_at(self._text, self._base + token.end, self._base)
        return token

    def _accept(self, text: str) -> bool:
        accepted = self._next.text == text and self._next.kind != "invalid"
        if accepted:
            self._take()
        return accepted

    def _expect(self, text: str) -> None:
        if not self._accept(text):
            raise self._fault(f"expected `{text}`, found")

    def _word(self) -> str:
        if self._next.kind != "word":
            raise self._unexpected()
        return self._take().text

    def _unexpected(self) -> SyntaxFault:
        return self._fault("unexpected")

    def _fault(self, problem: str) -> SyntaxFault:
        token = self._next
        if token.kind == "invalid":
            problem = "invalid character"
        text = "end of file" if token.kind == "end" else f"`{token.text}`"
        return SyntaxFault(f"{problem} {text}", token.start)


def _operation(operator: str, operands: list[Term]) -> Operation:
    return Operation(Span(operands[0].span.start, operands[-1].span.end), operator, tuple(operands))
