"""Policy files as text: which statement stands where, so that every answer can name file and line."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from multichannel.errors import PolicyInvalid

TOKEN = re.compile(
    r"""(?P<comment>\#[^\n]*)|(?P<string>"(?:\\.|[^"\\])*")|(?P<word>[A-Za-z_]\w*)|(?P<number>\d+(?:\.\d+)?)"""
    r"""|(?P<operator><=|>=|!=|==|[<>])|(?P<other>.)|(?P<line>\n)""",
    re.VERBOSE,
)
ASKING = re.compile(r"\b(?:has_standing|forbid|allow)\s*\(")
VERDICTS = {"has_standing", "grant", "forbid"}
KIND = re.compile(r":\s*(\w+)\s*\)")
RULE = re.compile(r"\bR\d+\b")
LEADING_RULES = re.compile(r"^(?:[RC]\d+(?:, | and )?)+: ")
JOINING = {"if", "and", "matches", "type"}


@dataclass(frozen=True, slots=True)
class Rule:
    """One statement of a policy file, with the comment right above it, or above the group it stands in."""

    file: str
    line: int
    text: str
    comment: str = ""

    @property
    def name(self) -> str:
        """The predicate it defines."""
        return self.text.partition("(")[0].strip()

    @property
    def words(self) -> frozenset[str]:
        """The strings it mentions."""
        return frozenset(re.findall(r'"([^"]*)"', self.text))

    @property
    def number(self) -> str | None:
        """The business rule that the comment cites first, such as R17."""
        cited = RULE.search(self.comment)
        return cited.group() if cited else None

    @property
    def reason(self) -> str:
        """What the comment says to people, without the rule it begins with."""
        return LEADING_RULES.sub("", self.comment)

    @property
    def position(self) -> str:
        """`file:line`."""
        return f"{self.file}:{self.line}"


@dataclass(frozen=True)
class PolicySource:
    """The files of one policy, in the order of their names."""

    texts: tuple[tuple[str, str], ...]

    @classmethod
    def read(cls, folder: Path) -> PolicySource:
        """All `*.polar` files of a folder; PolicyInvalid when there are none or one is not text."""
        try:
            texts = tuple((path.name, path.read_text("utf-8")) for path in sorted(folder.glob("*.polar")))
        except (OSError, UnicodeDecodeError) as error:
            message = f"{folder}: {error}"
            raise PolicyInvalid(message) from error
        if not texts:
            message = f"{folder} holds no policy: there is no .polar file in it"
            raise PolicyInvalid(message)
        return cls(texts)

    @cached_property
    def digest(self) -> str:
        """The SHA-256 of names and texts: two policies with one digest are one policy."""
        summed = hashlib.sha256()
        for name, text in self.texts:
            summed.update(f"{name}\0{len(text)}\0{text}".encode())
        return summed.hexdigest()

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        """Every statement with its place."""
        return tuple(rule for name, text in self.texts for rule in _statements(name, text))

    @cached_property
    def is_separable(self) -> bool:
        """Whether no rule asks what one is, or may do, to a record of another kind than its own."""
        bodies = ((rule.name, rule.text.partition(" if")[2]) for rule in self.rules if rule.name != "allow")
        return not any(ASKING.search(body) or (name != "grant" and "grant(" in body) for name, body in bodies)

    def about(self, kind: str) -> tuple[tuple[str, str], ...]:
        """The texts with only those verdicts that a record of this kind can meet; the others are blanks."""
        return tuple(
            (name, _only_about(kind, text, [rule for rule in self.rules if rule.file == name]))
            for name, text in self.texts
        )

    def rules_like(self, text: str) -> tuple[Rule, ...]:
        """The statements that the engine's rewritten text of a rule may come from (mostly one)."""
        return self._by_fingerprint.get(_fingerprint(text), ())

    @cached_property
    def _by_fingerprint(self) -> dict[tuple[tuple[str, int], ...], tuple[Rule, ...]]:
        found: dict[tuple[tuple[str, int], ...], tuple[Rule, ...]] = {}
        for rule in self.rules:
            mark = _fingerprint(rule.text)
            found[mark] = (*found.get(mark, ()), rule)
        return found


def _only_about(kind: str, text: str, rules: Iterable[Rule]) -> str:
    found, place = "", 0
    for rule in rules:
        start = text.index(rule.text, place)
        found += text[place:start]
        place = start + len(rule.text)
        typed = KIND.search(rule.text.partition(" if")[0])
        elsewhere = rule.name in VERDICTS and typed is not None and typed[1] != kind
        found += re.sub(r"[^\n]", " ", rule.text) if elsewhere else rule.text
    return found + text[place:]


def _statements(file: str, text: str) -> Iterator[Rule]:
    """Split at the `;` or block end that closes a statement; comments and strings hide both."""
    start: int | None = None
    depth = 0
    comment: list[str] = []
    used = False
    for token in TOKEN.finditer(text):
        if token.lastgroup == "comment" and start is None:
            comment = [*([] if used else comment), token.group().lstrip("# ").rstrip()]
            used = False
        if token.lastgroup == "line" and text.startswith("\n", token.end()):
            comment = []
        if token.lastgroup in {"comment", "line"} or token.group().isspace():
            continue
        if start is None:
            start = token.start()
        depth += {"{": 1, "}": -1}.get(token.group(), 0)
        is_block = token.group() == "}" and text[start:].startswith(("resource", "actor"))
        if (token.group() == ";" or is_block) and depth == 0:
            line = text.count("\n", 0, start) + 1
            yield Rule(file, line, text[start : token.end()], " ".join(comment))
            start, used = None, True


def _fingerprint(text: str) -> tuple[tuple[str, int], ...]:
    """The names, strings and orderings of a rule, however often: what the engine's rewriting leaves alone."""
    counted = Counter(
        token.group()
        for token in TOKEN.finditer(text)
        if token.lastgroup in {"string", "word", "number", "operator"}
        and token.group() not in JOINING
        and not token.group().startswith("_")
    )
    return tuple(sorted(counted.items()))
