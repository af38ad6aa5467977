"""Policy files as text: which statement stands where, so that every answer can name file and line."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
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
CACHED = 10_000
OTHERS = """
has_standing(_: Principal, _: String, _: Service) if false;
grant(_: String, _: String, _: String, _: Service) if false;
forbid(_: String, _: Principal, _: String, _: Service) if false;
"""
"""In the place of verdicts that were left out: the engine refuses a question that no rule answers."""
DECLARATION = re.compile(r"(?:(?:resource|actor)\s+\w|type\s+\w|\?=)")


@dataclass(frozen=True, slots=True)
class Rule:
    """One statement of a policy file, with the comment right above it, or above the group it stands in."""

    file: str
    line: int
    text: str
    comment: str = ""
    column: int = 1

    @property
    def name(self) -> str:
        """The predicate it defines."""
        return self.text.partition("(")[0].strip()

    @property
    def about(self) -> str | None:
        """The kind of record that a standing, grant or restriction is about; None if about any."""
        return _kind(self.text) if self.name in VERDICTS else None

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

    @property
    def mark(self) -> str:
        """What tells it from every other statement of the policy."""
        return f"{self.file}:{self.line}:{self.column}"

    @property
    def is_rule(self) -> bool:
        """Whether it is a rule, and no declaration or inline query."""
        return not DECLARATION.match(self.text)

    def place(self, at: int) -> tuple[int, int]:
        """The line of the file and the column of the line of a character of the statement, both from 1."""
        before = self.text[:at]
        line = self.line + before.count("\n")
        return line, at - before.rfind("\n") if "\n" in before else self.column + at


@dataclass(frozen=True)
class PolicySource:
    """The files of one policy, in the order of their names."""

    texts: tuple[tuple[str, str], ...]

    @classmethod
    def read(cls, folder: Path) -> PolicySource:
        """All `*.polar` files of a folder; PolicyInvalid when there are none or one is not text."""
        try:
            texts = tuple((path.name, path.read_text("utf-8")) for path in sorted(folder.glob("[!.]*.polar")))
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
        bodies = (
            (rule.name, rule.text.removeprefix(_head(rule.text)))
            for rule in self.rules
            if rule.name != "allow"
        )
        return not any(ASKING.search(body) or (name != "grant" and "grant(" in body) for name, body in bodies)

    def replaced(self, by: Callable[[Rule], str]) -> tuple[tuple[str, str], ...]:
        """The files with each statement replaced, and all else as it stands."""
        return tuple(
            (name, replaced(text, [rule for rule in self.rules if rule.file == name], by))
            for name, text in self.texts
        )

    def only(self, kept: Collection[Rule]) -> PolicySource:
        """These verdicts and none else, with all that they may ask; traces tell where they stand here."""
        needed = [rule for rule in self.rules if rule in kept or rule.name not in VERDICTS]
        marked = [_marked(rule) if rule.is_rule else rule.text for rule in needed]
        return Extract((("rules.polar", "\n".join((*marked, OTHERS))),), self)

    @cached_property
    def by_mark(self) -> dict[str, Rule]:
        """Every rule by what tells it from the others."""
        return {rule.mark: rule for rule in self.rules if rule.is_rule}

    @cached_property
    def marked(self) -> PolicySource:
        """The same policy; each rule also asks of its own mark whether it is itself, which a trace shows."""
        return PolicySource(self.replaced(lambda rule: _marked(rule) if rule.is_rule else rule.text))


@dataclass(frozen=True)
class Extract(PolicySource):
    """Some rules of a policy, marked by where they stand in it."""

    of: PolicySource

    @property
    def marked(self) -> PolicySource:
        """Itself."""
        return self

    @property
    def by_mark(self) -> dict[str, Rule]:
        """The rules of the policy it is of."""
        return self.of.by_mark


@lru_cache(CACHED)
def blank(text: str) -> str:
    """As many lines of nothing."""
    return re.sub(r"[^\n]", " ", text)


def replaced(text: str, rules: Iterable[Rule], by: Callable[[Rule], str]) -> str:
    """The text of a file with each of its statements replaced, and all else as it stands."""
    found, place = "", 0
    for rule in rules:
        start = text.index(rule.text, place)
        found += text[place:start] + by(rule)
        place = start + len(rule.text)
    return found + text[place:]


def _marked(rule: Rule) -> str:
    mark = f'"{rule.mark}" = "{rule.mark}"'
    head = _head(rule.text)
    body = rule.text.removeprefix(head).removesuffix(";")
    return f"{head}if {mark} and ({body.removeprefix('if')});" if body else f"{head} if {mark};"


@lru_cache(CACHED)
def _kind(text: str) -> str | None:
    """The class of a statement's last parameter; None for the class of all records."""
    typed = KIND.search(_head(text))
    return typed[1] if typed and typed[1] != "Resource" else None


@lru_cache(CACHED)
def _head(text: str) -> str:
    """A statement up to its body."""
    body = next((token.start() for token in TOKEN.finditer(text) if token.group() == "if"), None)
    return text.removesuffix(";") if body is None else text[:body]


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
            line, column = text.count("\n", 0, start) + 1, start - text.rfind("\n", 0, start)
            yield Rule(file, line, text[start : token.end()], " ".join(comment), column)
            start, used = None, True
