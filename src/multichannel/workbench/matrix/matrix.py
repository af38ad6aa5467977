"""The matrix of a policy: on each kind of record, which role at which standing is granted which action.

With it goes all else that a policy says: who has each standing, what restricts each action and why, and
whatever `allow` says beyond a grant at a standing. A change that is not seen here is one of words or order.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from multichannel.domain.tenants import TenantKind
from multichannel.domain.users import Role
from multichannel.policy.decide.derivations import ALWAYS, SHIPPED_ALLOW, RoleGrant
from multichannel.policy.decide.policy import Policy
from multichannel.policy.language.resource_binding import concerns
from multichannel.policy.language.source import VERDICTS, Rule
from multichannel.policy.schema.resources import RESOURCES, Resource
from multichannel.policy.schema.vocabulary import ROLES, Action
from multichannel.workbench.matrix.rules import actions_of, named, on_one_line, where
from multichannel.workbench.rule_words import Helpers, helpers_of

TENANT_ROLES = tuple(role.value for role in Role)


@dataclass(frozen=True, slots=True)
class Clause:
    """One rule, and what it asks; `where` is empty if it asks nothing."""

    rule: Rule
    where: str


@dataclass(frozen=True, slots=True)
class Standing:
    """What a tenant can be to a record, and each way of being it; nobody is it where there is none."""

    name: str
    clauses: tuple[Clause, ...]


@dataclass(frozen=True, slots=True)
class Cell:
    """That a role is granted an action: always, or only where something holds of the record."""

    where: str
    rules: tuple[Rule, ...]

    @property
    def mark(self) -> str:
        """`yes` or `if`."""
        return "if" if self.where else "yes"


@dataclass(frozen=True, slots=True)
class Row:
    """One action at one standing, by the roles that are granted it."""

    standing: str
    action: Action
    cells: dict[str, Cell]

    def among(self, roles: tuple[str, ...]) -> tuple[str, ...]:
        """The roles of these that are granted it."""
        return tuple(role for role in roles if role in self.cells)

    @property
    def others(self) -> tuple[str, ...]:
        """The roles that no tenant has: those of the service itself."""
        return tuple(role for role in self.cells if role not in TENANT_ROLES)


@dataclass(frozen=True, slots=True)
class Clamp:
    """One rule of a restriction; `actions` are None where it takes away every action."""

    clause: Clause
    actions: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Restriction:
    """What takes granted actions away again, by the code that people are told."""

    code: str
    clamps: tuple[Clamp, ...]

    @property
    def is_general(self) -> bool:
        """Whether some rule of it takes away every action."""
        return any(clamp.actions is None for clamp in self.clamps)

    def takes(self, action: str) -> bool:
        """Whether it can take this action away."""
        return any(clamp.actions is None or action in clamp.actions for clamp in self.clamps)


@dataclass(frozen=True, slots=True)
class Sheet:
    """All that the policy says of one kind of record."""

    resource: Resource
    standings: tuple[Standing, ...]
    rows: tuple[Row, ...]
    restrictions: tuple[Restriction, ...]

    @property
    def ungranted(self) -> tuple[Action, ...]:
        """The actions that nobody is granted, of the roles that are shown."""
        granted = {row.action for row in self.rows}
        return tuple(action for action in self.resource.actions if action not in granted)

    def restricting(self, action: str) -> tuple[Restriction, ...]:
        """What can take an action away, besides what takes away every one."""
        return tuple(item for item in self.restrictions if item.takes(action) and not item.is_general)

    def conditions(self) -> tuple[str, ...]:
        """Every condition of a grant, once, in the order of the rows."""
        found = (cell.where for row in self.rows for cell in row.cells.values() if cell.where)
        return tuple(dict.fromkeys(found))


@dataclass(frozen=True, slots=True)
class Matrix:
    """The whole policy as a table. `allows` are the rules of `allow` that are not the one that ships."""

    digest: str
    role: str | None
    """The one role it is about, or None for all."""
    roles: tuple[str, ...]
    """The roles of tenants it has columns for."""
    sheets: tuple[Sheet, ...]
    allows: tuple[Rule, ...]
    terms: tuple[Rule, ...]
    """The rules that others refer to, and that are no verdicts themselves."""

    @property
    def absence(self) -> str:
        """What to call the actions of a sheet that have no row."""
        return "Granted to nobody" if self.role is None else f"Not granted to {self.role}"


def matrix_of(policy: Policy, kinds: tuple[str, ...] = tuple(RESOURCES), role: str | None = None) -> Matrix:
    """The matrix of a policy, or the part about some kinds of record and one role."""
    rules = [rule for rule in policy.source.rules if rule.is_rule]
    allows = [rule for rule in rules if rule.name == "allow"]
    others = tuple(rule for rule in allows if on_one_line(rule.text) != SHIPPED_ALLOW)
    # Without the rule that ships, a grant alone is no more than one of the things that `allow` asks.
    subject = "allow says so, too" if len(others) == len(allows) else ""
    sheets = tuple(_sheet(policy, RESOURCES[kind], subject, role) for kind in RESOURCES if kind in kinds)
    terms = tuple(rule for rule in rules if rule.name not in {*VERDICTS, "allow"})
    roles = tuple(each for each in TENANT_ROLES if role in {None, each})
    return Matrix(policy.digest, role, roles, sheets, others, terms)


def _sheet(policy: Policy, resource: Resource, subject: str, role: str | None) -> Sheet:
    helpers = helpers_of(rule.tree for rule in policy.source.rules)
    about = [rule for rule in policy.source.rules if rule.name in VERDICTS - {"grant"}]
    about = [rule for rule in about if concerns(policy.source, rule, resource.name)]
    ways: dict[str, list[Clause]] = defaultdict(list)
    for rule in about:
        if rule.name == "has_standing":
            ways[named(rule, 1)].append(Clause(rule, where(rule)))
    rows = tuple(_rows(policy, resource, subject, role))
    for row in rows:
        ways.setdefault(row.standing, [])
    shown = {row.standing for row in rows} if role else set(ways)
    order = sorted(shown, key=lambda name: (name == TenantKind.SYSTEM, list(ways).index(name)))
    standings = tuple(Standing(name, tuple(ways[name])) for name in order)
    ordered = tuple(sorted(rows, key=lambda row: order.index(row.standing)))
    return Sheet(resource, standings, ordered, tuple(_restrictions(about, resource, helpers)))


def _rows(policy: Policy, resource: Resource, subject: str, role: str | None) -> Iterator[Row]:
    """By action, then by standing; of the roles, those that are granted something there."""
    for action in resource.actions:
        found: dict[str, dict[str, list[RoleGrant]]] = defaultdict(lambda: defaultdict(list))
        for item in policy.derivations.grants(resource):
            if item.action is action and role in {None, item.role}:
                found[item.standing][item.role].append(item)
        for standing, by_role in found.items():
            cells = {each: _cell(by_role[each], subject) for each in _in_order(by_role)}
            yield Row(standing, action, cells)


def _in_order(roles: dict[str, list[RoleGrant]]) -> list[str]:
    """Known roles first, as they are always listed."""
    known = [role.value for role in ROLES if role.value in roles]
    return known + sorted(set(roles) - set(known))


def _cell(ways: list[RoleGrant], subject: str) -> Cell:
    rules = tuple(dict.fromkeys(rule for item in ways for rule in item.rules))
    always = any(item.conditions == ALWAYS for item in ways)
    asked = [] if always else list(dict.fromkeys(str(item.conditions) for item in ways))
    either = f"({' or '.join(asked)})" if len(asked) > 1 and subject else " or ".join(asked)
    return Cell(" and ".join(filter(None, (either, subject))), rules)


def _restrictions(about: list[Rule], resource: Resource, helpers: Helpers) -> Iterator[Restriction]:
    """By code, in the order of the files; what touches no action of this kind of record is left out."""
    clamps: dict[str, list[Clamp]] = defaultdict(list)
    for rule in about:
        if rule.name == "forbid":
            actions = actions_of(rule, helpers)
            mine = None if actions is None else tuple(item for item in actions if item in resource.actions)
            if mine is None or mine:
                clamps[named(rule, 0)].append(Clamp(Clause(rule, where(rule)), mine))
    for code, found in clamps.items():
        yield Restriction(code, tuple(found))
