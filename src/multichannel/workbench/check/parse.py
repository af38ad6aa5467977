"""From texts to statements: each that cannot be read is a finding, and keeps no other from being read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from multichannel.errors import PolicyInvalid
from multichannel.policy.language.ast import Span
from multichannel.policy.language.parser import GrammarError, parsed
from multichannel.policy.language.source import PolicySource, Rule
from multichannel.workbench.check.statement import Stated, finding_at
from multichannel.workbench.check.syntax_errors import complaint
from multichannel.workbench.findings import Finding

HEAD = re.compile(r"^(?=(?:(?:type|resource|actor)[ \t]+)?[A-Za-z_]\w*[ \t]*[({]|\?=)", re.MULTILINE)
"""Where a new statement begins, whatever has gone wrong in the one before: at the start of a line."""
COMMENT = re.compile(r"(?:^#[^\n]*\n)+\Z", re.MULTILINE)
QUOTE = re.compile(r'(?<!\\)"')
CURLY = set("\N{LEFT DOUBLE QUOTATION MARK}\N{RIGHT DOUBLE QUOTATION MARK}'\N{RIGHT SINGLE QUOTATION MARK}")
"""What word processors make of a quote, and the quote of other languages."""
LONGEST_COMMENT = 2_000


def read_statements(source: PolicySource) -> Iterator[Stated | Finding]:
    """Every statement of a policy, or what is wrong with its form, file by file."""
    for name, text in source.texts:
        yield from _read(name, text, [rule for rule in source.rules if rule.file == name])


def _read(name: str, text: str, rules: list[Rule]) -> Iterator[Stated | Finding]:
    """The statements of a file; what stands between two that can be read is taken together as one region."""
    begun: tuple[Rule, int] | None = None
    place = 0
    for rule in rules:
        start = text.index(rule.text, place)
        place = start + len(rule.text)
        if complaint(rule.text) is not None:
            begun = begun or (rule, start)
            continue
        if begun:
            yield from _recovered(begun[0], text[begun[1] : start])
            begun = None
        yield _stated(rule)
    start = begun[1] if begun else place + _first_code(text[place:])
    if start < len(text):
        first = Rule(name, text.count("\n", 0, start) + 1, "", "", start - text.rfind("\n", 0, start))
        yield from _recovered(begun[0] if begun else first, text[start:])


def _first_code(text: str) -> int:
    """Where the first statement of a text begins; behind its end if there is none."""
    place = 0
    for line in text.split("\n"):
        if not _is_blank(line):
            return place + len(line) - len(line.lstrip())
        place += len(line) + 1
    return len(text)


def _is_blank(line: str) -> bool:
    return not line.strip() or line.lstrip().startswith("#")


def _without_tail(text: str) -> str:
    """The text without the space and the comments after its last line of code."""
    lines = text.split("\n")
    while lines and _is_blank(lines[-1]):
        lines.pop()
    return "\n".join(lines).rstrip()


def _recovered(first: Rule, text: str) -> Iterator[Stated | Finding]:
    """What can be read of a region that cannot be read as a whole: each line's start is a new chance."""
    region = replace(first, text=text)
    starts = sorted({0, *(found.start() for found in HEAD.finditer(text))})
    for start, end in zip(starts, [*starts[1:], len(text)], strict=True):
        piece = _without_tail(text[start:end])
        if piece:
            line, column = region.place(start)
            yield from _pieces(Rule(first.file, line, piece, _comment_above(region, start), column))


def _comment_above(region: Rule, start: int) -> str:
    found = COMMENT.search(region.text[max(start - LONGEST_COMMENT, 0) : start])
    return " ".join(line.lstrip("# ") for line in found.group().splitlines()) if found else region.comment


def _pieces(piece: Rule) -> Iterator[Stated | Finding]:
    """A piece as the statements in it, if all of them can be read; else what is wrong with it."""
    wrong = complaint(piece.text)
    if wrong is not None:
        span = Span(wrong.at, wrong.at + wrong.length)
        yield finding_at(piece, span, "syntax", wrong.message, _hint(piece, wrong.at))
        return
    place = 0
    for rule in PolicySource(((piece.file, piece.text),)).rules:
        start = piece.text.index(rule.text, place)
        place = start + len(rule.text)
        line, column = piece.place(start)
        yield _stated(replace(rule, line=line, column=column, comment=piece.comment))


def _hint(piece: Rule, at: int) -> str:
    """What may have been forgotten."""
    if quoting := _quoting(piece.text, at):
        return quoting
    before = piece.text[:at].rstrip()
    if before and "\n" in piece.text[len(before) : at] and before[-1] not in ";,({[":
        return "Is something missing at the end of the line before, such as `;` or `and`?"
    return ""


def _quoting(text: str, at: int) -> str:
    """What may be wrong with the quotes of a line."""
    if text[at : at + 1] in CURLY:
        return 'Texts stand between ".'
    line = text[text.rfind("\n", 0, at) + 1 :].partition("\n")[0]
    is_odd = len(QUOTE.findall(line)) % 2 == 1 and text[at : at + 1] != '"'
    return 'The line has an odd number of `"`.' if is_odd else ""


def _stated(rule: Rule) -> Stated | Finding:
    try:
        return Stated(rule, parsed(rule))
    except PolicyInvalid as error:
        cause = error.__cause__
        at = cause.at if isinstance(cause, GrammarError) else 0
        message = str(cause or error.message)
        hint = _quoting(rule.text, at) or "Policies have no such form."
        return finding_at(rule, Span(at, at + 1), "syntax", message, hint)
    except (RecursionError, SyntaxError, ValueError) as error:
        message = "the statement is nested too deeply" if isinstance(error, RecursionError) else str(error)
        return finding_at(rule, Span(0, 1), "syntax", message)
