"""Policy files and their statements, each with file and line, so that every answer can name its rules."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path

from multichannel.domain.base import GUID_FORM
from multichannel.errors import PolicyInvalid
from multichannel.policy.language.ast import Literal, Statement, Term, terms, walk
from multichannel.policy.language.characters import refuse_hidden
from multichannel.policy.language.parser import parse
from multichannel.policy.language.tokens import SyntaxFault

VERDICTS = {"has_standing", "grant", "forbid"}
ARITY = {"allow": 3, "has_standing": 3, "grant": 4, "forbid": 4}
"""The rules that decisions query, and their number of parameters; the last one is the record."""
CACHED_FILES = 500
READ = re.compile(r"\.polar$|\.cases\.yaml$|^(cast|invariants)\.yaml$")
LIKE_READ = re.compile(r"\.polar$|\.cases\.ya?ml$|^(cast|invariants)\.ya?ml$", re.IGNORECASE)
NOT_READ = (
    "this file is not read: what belongs to a policy is in its folder itself, and its name ends in .polar or "
    ".cases.yaml, or is cast.yaml or invariants.yaml"
)
ANY_RESOURCE = "Resource"
"""The class of all records: the engine's union of what is declared a resource."""
INSEPARABLE = {"has_standing", "forbid", "allow"}
BUSINESS_RULE = re.compile(r"\bR\d+\b")
LEADING_RULES = re.compile(r"^(?:[RC]\d+(?:, | and )?)+: ")
NEVER_TRUE = """
has_standing(_: Principal, _: String, _: {kind}) if false;
grant(_: String, _: String, _: String, _: {kind}) if false;
forbid(_: String, _: Principal, _: String, _: {kind}) if false;
"""
"""In place of verdicts that are missing or left out: the engine refuses a query that no rule answers."""


@dataclass(frozen=True)
class Located:
    """A part of a policy file, with the place where it begins."""

    file: str
    line: int
    column: int
    text: str

    def place(self, at: int) -> tuple[int, int]:
        """Line and column, both from 1, of an offset in the text."""
        before = self.text[:at]
        last = before.rfind("\n")
        return self.line + before.count("\n"), self.column + at if last < 0 else at - last


@dataclass(frozen=True)
class Rule(Located):
    """One statement of a policy file, with the comment above it or above its group."""

    comment: str
    start: int = field(compare=False)
    """The offset in the file."""
    tree: Statement = field(compare=False, repr=False)

    @cached_property
    def name(self) -> str:
        """The predicate that a rule defines; other statements have their keyword before the name."""
        return self.tree.name if self.is_rule else f"{self.tree.keyword} {self.tree.name}"

    @property
    def about(self) -> str | None:
        """The resource type that a standing, grant or restriction applies to; None if to any."""
        return self.record_type if self.name in VERDICTS else None

    @cached_property
    def record_type(self) -> str | None:
        """The class of the record of a verdict; None if any resource will do."""
        kind = self.tree.parameters[-1].kind if self.is_verdict else None
        return None if kind == ANY_RESOURCE else kind

    @property
    def signature(self) -> tuple[str, int]:
        """The name and the number of parameters: rules with one signature answer the same queries."""
        return self.tree.name, len(self.tree.parameters)

    @cached_property
    def is_verdict(self) -> bool:
        """Whether decisions query it."""
        return self.is_rule and ARITY.get(self.tree.name) == len(self.tree.parameters)

    @cached_property
    def terms(self) -> tuple[Term, ...]:
        """All its terms: parameters, patterns, body."""
        return tuple(terms(self.tree))

    @cached_property
    def body_terms(self) -> tuple[Term, ...]:
        """The terms of its body, each before its parts."""
        return tuple(walk(self.tree.body))

    @property
    def words(self) -> frozenset[str]:
        """The string literals."""
        literals = (term.value for term in self.terms if isinstance(term, Literal))
        return frozenset(value for value in literals if isinstance(value, str))

    @property
    def number(self) -> str | None:
        """The first business rule cited in the comment, such as R17."""
        match = BUSINESS_RULE.search(self.comment)
        return match.group() if match else None

    @property
    def reason(self) -> str:
        """The comment without the business rules that it begins with."""
        return LEADING_RULES.sub("", self.comment)

    @property
    def sentence(self) -> str:
        """The first sentence of the reason; empty if there is no comment."""
        first = self.reason.partition(". ")[0].rstrip(".")
        return f"{first[:1].upper()}{first[1:]}." if first else ""

    @property
    def position(self) -> str:
        """`file:line`."""
        return f"{self.file}:{self.line}"

    @cached_property
    def mark(self) -> str:
        """`file:line:column`, unique within a policy."""
        return f"{self.file}:{self.line}:{self.column}"

    @cached_property
    def is_rule(self) -> bool:
        """Whether it is a rule rather than a declaration or an inline query."""
        return self.tree.keyword == "rule"


@dataclass(frozen=True)
class Malformed(Located):
    """Text up to the next statement that could not be parsed."""

    fault: SyntaxFault


def stray_files(folder: Path) -> Iterator[str]:
    """Files that look as if they belonged to the policy of a folder, and are not read. Raises OSError."""
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            is_read = Path(parent) == folder and READ.search(name)
            if LIKE_READ.search(name) and not is_read and not name.startswith("."):
                yield (Path(parent) / name).relative_to(folder).as_posix()


def read_texts(folder: Path, belongs: Callable[[str], bool]) -> tuple[tuple[str, str], ...]:
    """Name and text of the files that belong to a policy, each read once; hidden files never do.

    PolicyInvalid if one cannot be read or has characters that nobody sees, if one is in another folder or has
    another ending, so that it would not be read, or if there is no `.polar` file.
    """
    try:
        paths = sorted(path for path in folder.iterdir() if path.name[0] != "." and belongs(path.name))
        if not any(path.suffix == ".polar" for path in paths):
            raise PolicyInvalid(f"{folder} contains no policy: there is no .polar file in it")
        for stray in stray_files(folder):
            raise PolicyInvalid(f"{stray}: {NOT_READ}")
        texts = tuple((path.name, _text(path)) for path in paths)
    except UnicodeDecodeError as error:
        raise PolicyInvalid(f"a file in {folder} is not UTF-8: {error}") from error
    except OSError as error:
        raise PolicyInvalid(f"{error.filename or folder}: {error.strerror}") from error
    return texts


def _text(path: Path) -> str:
    """The text of a file, with newlines as line ends."""
    text = path.read_bytes().decode()
    refuse_hidden(path.name, text)
    return text.replace("\r\n", "\n")


@dataclass(frozen=True)
class PolicySource:
    """The files of one policy, ordered by name."""

    texts: tuple[tuple[str, str], ...]

    @classmethod
    def read(cls, folder: Path) -> PolicySource:
        """All `*.polar` files of a folder; PolicyInvalid when there are none or one is not text."""
        return cls(read_texts(folder, lambda name: name.endswith(".polar")))

    @cached_property
    def digest(self) -> str:
        """The SHA-256 of names and texts: two policies with one digest are one policy."""
        summed = hashlib.sha256()
        for name, text in self.texts:
            summed.update(f"{name}\0{len(text)}\0{text}".encode())
        return summed.hexdigest()

    @cached_property
    def named_tenants(self) -> frozenset[str]:
        """The GUIDs in it: tenants that it may treat unlike all others."""
        return frozenset(
            match.group().lower() for _, text in self.texts for match in GUID_FORM.finditer(text)
        )

    @cached_property
    def statements(self) -> tuple[Rule | Malformed, ...]:
        """Every statement, and the text of those that could not be parsed."""
        return tuple(statement for name, text in self.texts for statement in _statements(name, text))

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        """Every statement; PolicyInvalid with file and line if one could not be parsed."""
        for each in self.statements:
            if isinstance(each, Malformed):
                line, _ = each.place(each.fault.at)
                raise PolicyInvalid(f"{each.file}:{line}: {each.fault}") from each.fault
        return tuple(each for each in self.statements if isinstance(each, Rule))

    @cached_property
    def is_separable(self) -> bool:
        """Whether the rules about one resource type can be loaded without those about the others.

        They can if no rule but `allow` queries verdicts; a grant may query grants.
        """
        return not any(
            call.name in INSEPARABLE or call.name == "grant" != rule.name
            for rule in self.rules
            if rule.name != "allow"
            for call in rule.tree.calls
        )

    @cached_property
    def by_mark(self) -> dict[str, Rule]:
        """Every rule by its mark."""
        return {rule.mark: rule for rule in self.rules if rule.is_rule}

    @cached_property
    def marked(self) -> PolicySource:
        """The same policy, where each rule also compares its mark with itself, which shows in traces."""
        return self.rewritten(self.marked_text)

    def marked_text(self, rule: Rule) -> str:
        """A statement that also compares its mark with itself."""
        if not rule.is_rule:
            return rule.text
        tree, mark = rule.tree, f'"{rule.mark}" = "{rule.mark}"'
        body = f" and ({rule.text[tree.content.start : tree.content.end]})" if tree.content else ""
        return f"{rule.text[: tree.head.end]} if {mark}{body};"

    def rewritten(self, by: Callable[[Rule], str]) -> PolicySource:
        """The same files with the text of each statement replaced."""
        pieces: dict[str, list[str]] = {name: [] for name, _ in self.texts}
        ends = dict.fromkeys(pieces, 0)
        texts = dict(self.texts)
        for rule in self.rules:
            pieces[rule.file] += [texts[rule.file][ends[rule.file] : rule.start], by(rule)]
            ends[rule.file] = rule.start + len(rule.text)
        return PolicySource(
            tuple((name, "".join((*pieces[name], text[ends[name] :]))) for name, text in self.texts)
        )


@lru_cache(CACHED_FILES)
def _statements(file: str, text: str) -> tuple[Rule | Malformed, ...]:
    return tuple(_located(file, text))


def _located(file: str, text: str) -> Iterator[Rule | Malformed]:
    line, place, comment = 1, 0, ""
    for parsed in parse(text):
        comment = _comment(text[place : parsed.start], comment)
        line += text.count("\n", place, parsed.start)
        column = parsed.start - text.rfind("\n", 0, parsed.start)
        statement = text[parsed.start : parsed.end]
        if isinstance(parsed.tree, SyntaxFault):
            yield Malformed(file, line, column, _without_trailing_comments(statement), parsed.tree)
        else:
            yield Rule(file, line, column, statement, comment, parsed.start, parsed.tree)
        line += statement.count("\n")
        place = parsed.end


def _comment(gap: str, before: str) -> str:
    """The comment that applies after a gap between statements; a blank line ends what applied before."""
    _, blank, above = gap.rpartition("\n\n")
    lines = [line.lstrip("# ").rstrip() for line in above.split("\n") if line.lstrip().startswith("#")]
    return " ".join(lines) if lines or blank else before


def _without_trailing_comments(text: str) -> str:
    lines = text.split("\n")
    while lines and (not lines[-1].strip() or lines[-1].lstrip().startswith("#")):
        lines.pop()
    return "\n".join(lines).rstrip()
