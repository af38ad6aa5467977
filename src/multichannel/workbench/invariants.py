"""Invariants: what no version of a policy may allow, in words and in the policy language.

```yaml
invariants:
  - never: a reseller releases a subscription      # names the invariant where it is violated
    rules: [R22, R40]
    who: {kind: partner, type: indirect_reseller, roles: [admin_agent]}
    standing: [attached_reseller]
    may: [release]
    what: Subscription
    where: resource.channel = "csp" and resource.billing_partner_id != principal.tenant_id
    unless:                                       # one of these makes it all right
      - resource.partner_of_record_id = principal.tenant_id
```

`never` and `what` are required. A key that is left out matches any principal, standing, action or record.
Each fact of `who`, and `standing`, `may` and `what`, is one word or a list of them;
`where` is the body of a rule about `principal` and `resource`. `unless`, such a body or a list of them, names
what would make it all right: the invariant says nothing of records at which one of these holds.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from multichannel.domain.tenants import Cloud, PartnerStatus, PartnerType, TenantKind
from multichannel.errors import PolicyInvalid
from multichannel.policy.decide.derivations import Derivation
from multichannel.policy.schema.resources import RESOURCES, Resource
from multichannel.policy.schema.vocabulary import ROLES, Action, AuthMode, Principal
from multichannel.policy.testing.yaml_document import YamlDocument
from multichannel.workbench.condition_text import ConditionText

WORD = re.compile(r"\w+")
KEYS = ("never", "rules", "who", "standing", "may", "what", "where", "unless")
WHO: dict[str, type[StrEnum]] = {
    "kind": TenantKind,
    "type": PartnerType,
    "status": PartnerStatus,
    "cloud": Cloud,
    "auth_mode": AuthMode,
}


@dataclass(frozen=True)
class Invariant:
    """What no principal may be allowed."""

    never: str
    rules: tuple[str, ...]
    who: Mapping[str, tuple[str, ...]]
    standings: tuple[str, ...]
    actions: tuple[Action, ...]
    resources: tuple[Resource, ...]
    where: ConditionText
    unless: tuple[ConditionText, ...]
    file: str
    line: int

    @property
    def position(self) -> str:
        """`file:line`."""
        return f"{self.file}:{self.line}"

    def is_about(self, principal: Principal) -> bool:
        """Whether it is about such a principal, whatever its roles."""
        return all(getattr(principal, name) in words for name, words in self.who.items() if name != "roles")

    def is_about_roles(self, roles: Collection[str]) -> bool:
        """Whether it is about a principal that has these roles and no others."""
        return "roles" not in self.who or all(role in self.who["roles"] for role in roles)

    @property
    def meaning(self) -> tuple[object, ...]:
        """Equal for invariants that say the same, whatever their names and places."""
        who = frozenset((name, frozenset(words)) for name, words in self.who.items())
        parts = (self.standings, self.actions, [each.name for each in self.resources])
        unless = frozenset(each.body for each in self.unless)
        return who, *map(frozenset[object], parts), self.where.body, unless

    @property
    def name(self) -> str:
        """The name that accepts that it holds no longer, such as `invariant.a_trial_is_given_away`."""
        return f"invariant.{'_'.join(WORD.findall(self.never.lower()))}"

    @property
    def facts(self) -> frozenset[str]:
        """The facts of principals that it names, but for roles and tenant."""
        named = {"roles", *self.who}.union(*(text.facts for text in (self.where, *self.unless)))
        return frozenset(named - {"roles", "tenant_id"})

    def of(self, granted: tuple[Derivation, ...]) -> tuple[Derivation, ...]:
        """What is granted at its standings."""
        return tuple(each for each in granted if not self.standings or each.name in self.standings)


def read(path: Path, text: str | None = None) -> tuple[Invariant, ...]:
    """The invariants of a file, or of a text it had; PolicyInvalid with file and line of an invalid entry."""
    document = YamlDocument(path, text=text)
    content = document.mapping(document.content or {}, 1, "the file", ("invariants",))
    listed = document.listed(content.get("invariants"), document.line("invariants"), "`invariants`")
    return tuple(_InvariantReader(document, number).invariant(item) for number, item in enumerate(listed))


class _InvariantReader:
    """Reads one invariant of a document."""

    def __init__(self, document: YamlDocument, number: int) -> None:
        self._document = document
        self._number = number

    def invariant(self, item: Any) -> Invariant:
        entry = self._document.mapping(item, self._line(), "an invariant", KEYS)
        never = entry.get("never")
        if not isinstance(never, str) or not never or not entry.get("what"):
            self._document.refuse(self._line(), "`never` (a text) and `what` are required")
        resources = tuple(RESOURCES[name] for name in self._words(entry, "what", RESOURCES))
        known = {action for resource in resources for action in resource.actions}
        actions = tuple(Action(word) for word in self._words(entry, "may", known))
        return Invariant(
            never,
            tuple(map(str, self._document.listed(entry.get("rules"), self._line("rules"), "`rules`"))),
            dict(self._who(entry)),
            self._words(entry, "standing", None),
            actions or tuple(known),
            resources,
            self._condition(entry.get("where", "true"), "where", resources),
            tuple(self._unless(entry, resources)),
            self._document.file,
            self._line(),
        )

    def _who(self, entry: Mapping[str, Any]) -> Iterator[tuple[str, tuple[str, ...]]]:
        names = (*WHO, "market", "roles")
        who = self._document.mapping(entry.get("who") or {}, self._line("who"), "`who`", names)
        for name in who:
            words = ROLES if name == "roles" else WHO.get(name)
            yield name, self._words(who, name, words, "who")

    def _words(self, entry: Mapping[str, Any], name: str, known: Any, *under: str) -> tuple[str, ...]:
        """One word, or a list of them, each a known one."""
        value, line = entry.get(name), self._line(*under, name)
        listed = [value] if isinstance(value, str) else self._document.listed(value, line, f"`{name}`")
        for word in listed:
            if not isinstance(word, str) or not word:
                self._document.refuse(line, f"{word!r} is not a valid word for `{name}`")
            if known is not None:
                self._document.word(word, known, line, f"a word for `{name}`")
        return tuple(listed)

    def _unless(self, entry: Mapping[str, Any], resources: tuple[Resource, ...]) -> Iterator[ConditionText]:
        value = entry.get("unless")
        texts = [value] if isinstance(value, str) else value
        for text in self._document.listed(texts, self._line("unless"), "`unless`"):
            yield self._condition(text, "unless", resources)

    def _condition(self, text: Any, name: str, resources: tuple[Resource, ...]) -> ConditionText:
        if not isinstance(text, str):
            self._document.refuse(self._line(name), f"`{name}` must be the body of a rule")
        try:
            return ConditionText(text, resources)
        except PolicyInvalid as error:
            self._document.refuse(self._line(name), f"`{name}`: {error.message}")

    def _line(self, *path: str) -> int:
        return self._document.line("invariants", self._number, *path)
