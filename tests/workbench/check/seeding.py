"""Policies with one fault: an edit of a file, with marks («...») where findings have to stand."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from multichannel.policy.language.source import PolicySource
from multichannel.policy.schema.resources import RESOURCES
from multichannel.policy.schema.vocabulary import Action
from multichannel.server.bootstrap import SHIPPED_POLICIES
from multichannel.workbench.check import PolicyCheck, check_source
from multichannel.workbench.check.grants import granted_actions

SHIPPED = PolicySource.read(SHIPPED_POLICIES)
FILES = ("choices.polar", "customer.polar", "main.polar", "roles.polar", "system.polar", "user.polar")
OTHERS = "subscription.polar"
NOTED = "# R1: so that it is known why.\n"
OPENING, CLOSING = "«", "»"
Found = tuple[str, str, int, int, int]
"""Code, file, line, column and length."""


def _small_policy() -> PolicySource:
    """The shipped rules about customers and users; other types have only what makes them complete."""
    texts = {name: text for name, text in SHIPPED.texts if name in FILES}
    granted = granted_actions(PolicySource(tuple(texts.items())).rules)
    held = 'has_standing(p: Principal, "system", _: CustomerAgreement)'
    rules = [f'{held} if p.kind = "system" and multichannel(p.cloud);']
    for resource in RESOURCES.values():
        if f'"system", _: {resource.name})' not in texts["system.polar"] and resource.name not in {
            "Customer",
            "CustomerAgreement",
        }:
            rules.append(f'has_standing(p: Principal, "system", _: {resource.name}) if p.kind = "system";')
        rules += [
            f'grant("seeder", "system", "{action}", _: {resource.name});'
            for action in resource.actions
            if (resource.name, action.value) not in granted
            and not (action is Action.READ_SUMMARY and Action.READ in resource.actions)
        ]
    texts[OTHERS] = "\n".join((*rules, ""))
    source = PolicySource(tuple(sorted(texts.items())))
    unused = {(each.file, each.line) for each in check_source(source, SHIPPED_POLICIES).findings}
    return source.rewritten(lambda rule: "" if (rule.file, rule.line) in unused else rule.text)


SMALL = _small_policy()


@dataclass(frozen=True)
class Seeded:
    """One of these files with `before` replaced, or with something at its end."""

    file: str
    after: str
    before: str = ""

    @cached_property
    def marked(self) -> str:
        """The edited file, with the marks."""
        text = dict(SMALL.texts)[self.file]
        assert not self.before or text.count(self.before) == 1
        return text.replace(self.before, self.after) if self.before else f"{text}\n{self.after}\n"

    @property
    def text(self) -> str:
        """The edited file."""
        return _unmarked(self.marked)

    @property
    def source(self) -> PolicySource:
        """The policy with it."""
        return PolicySource(tuple((dict(SMALL.texts) | {self.file: self.text}).items()))

    def checked(self) -> PolicyCheck:
        """What a check finds, with the shipped cases beside it."""
        return check_source(self.source, SHIPPED_POLICIES)

    def expected(self, *codes: str) -> list[Found]:
        """A finding of each code at each of the marks, in their order."""
        pieces = self.marked.split(OPENING)
        assert len(pieces) == len(codes) + 1
        places, before = [], _unmarked(pieces[0])
        for code, piece in zip(codes, pieces[1:], strict=True):
            line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
            places.append((code, self.file, line, column, piece.index(CLOSING)))
            before += _unmarked(piece)
        return sorted(places)


def _unmarked(text: str) -> str:
    return text.replace(OPENING, "").replace(CLOSING, "")


def restriction(body: str, record: str = "c", action: str = '"update"', code: str = '"X_Y"') -> Seeded:
    """A restriction of customers that is not there yet."""
    return customer(f"{NOTED}forbid({code}, p: Principal, {action}, {record}: Customer) if {body};")


def customer(rule: str) -> Seeded:
    """A rule at the end of the rules about customers."""
    return Seeded("customer.polar", rule)


def main(rule: str, before: str = "") -> Seeded:
    """A rule about everything."""
    return Seeded("main.polar", rule, before)


def found(checked: PolicyCheck) -> list[Found]:
    """What a check found."""
    return sorted((each.code, each.file, each.line, each.column, each.length) for each in checked.findings)
