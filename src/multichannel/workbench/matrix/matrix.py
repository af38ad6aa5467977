"""The matrix of a policy: on each resource type, which role at which standing is granted which action.

It also has everything else that a policy says: who has each standing, what restricts each action and why, and
what `allow` requires beyond a grant at a standing. A change that it does not show is one of words or order.
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
from multichannel.workbench.matrix.rules import actions_of, on_one_line, where, word_at
from multichannel.workbench.rule_words import Helpers, helpers_of

TENANT_ROLES = tuple(role.value for role in Role)


@dataclass(frozen=True, slots=True)
class RuleCondition:
    """One rule and its conditions; `where` is empty if it has none."""

    rule: Rule
    where: str


@dataclass(frozen=True, slots=True)
class StandingRules:
    """A standing, and the rules by which a tenant has it; without rules no tenant has it."""

    name: str
    conditions: tuple[RuleCondition, ...]


@dataclass(frozen=True, slots=True)
class GrantCell:
    """A grant of an action to a role: always, or only for some records."""

    where: str
    rules: tuple[Rule, ...]

    @property
    def mark(self) -> str:
        """`yes` or `if`."""
        return "if" if self.where else "yes"


@dataclass(frozen=True, slots=True)
class GrantRow:
    """One action at one standing, with the roles that are granted it."""

    standing: str
    action: Action
    cells: dict[str, GrantCell]

    def among(self, roles: tuple[str, ...]) -> tuple[str, ...]:
        """Those of these roles that are granted it."""
        return tuple(role for role in roles if role in self.cells)

    @property
    def others(self) -> tuple[str, ...]:
        """The roles of the service itself."""
        return tuple(role for role in self.cells if role not in TENANT_ROLES)


@dataclass(frozen=True, slots=True)
class RestrictionClause:
    """One rule of a restriction; `actions` is None if it restricts every action."""

    condition: RuleCondition
    actions: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class RestrictionRules:
    """The rules that restrict granted actions with one reason code."""

    code: str
    clauses: tuple[RestrictionClause, ...]

    @property
    def is_general(self) -> bool:
        """Whether one of its rules restricts every action."""
        return any(clause.actions is None for clause in self.clauses)

    def restricts(self, action: str) -> bool:
        """Whether it can restrict an action."""
        return any(clause.actions is None or action in clause.actions for clause in self.clauses)


@dataclass(frozen=True, slots=True)
class ResourceMatrix:
    """Everything that the policy says about one resource type."""

    resource: Resource
    standings: tuple[StandingRules, ...]
    rows: tuple[GrantRow, ...]
    restrictions: tuple[RestrictionRules, ...]

    @property
    def ungranted(self) -> tuple[Action, ...]:
        """The actions that none of the displayed roles is granted."""
        granted = {row.action for row in self.rows}
        return tuple(action for action in self.resource.actions if action not in granted)

    def restricting(self, action: str) -> tuple[RestrictionRules, ...]:
        """The restrictions of an action, without those of every action."""
        return tuple(item for item in self.restrictions if item.restricts(action) and not item.is_general)

    def conditions(self) -> tuple[str, ...]:
        """The conditions of grants, each once, in the order of the rows."""
        conditions = (cell.where for row in self.rows for cell in row.cells.values() if cell.where)
        return tuple(dict.fromkeys(conditions))


@dataclass(frozen=True, slots=True)
class Matrix:
    """The whole policy as a table. `allows` are the rules of `allow` that differ from the shipped one."""

    digest: str
    role: str | None
    """The only role it is about, or None for all."""
    roles: tuple[str, ...]
    """The roles of tenants that have columns."""
    resources: tuple[ResourceMatrix, ...]
    allows: tuple[Rule, ...]
    terms: tuple[Rule, ...]
    """The helper rules."""

    @property
    def absence(self) -> str:
        """What to call the actions that have no row."""
        return "Granted to nobody" if self.role is None else f"Not granted to {self.role}"


def matrix_of(policy: Policy, kinds: tuple[str, ...] = tuple(RESOURCES), role: str | None = None) -> Matrix:
    """The matrix of a policy, or the part about some resource types and one role."""
    rules = [rule for rule in policy.source.rules if rule.is_rule]
    allows = [rule for rule in rules if rule.name == "allow"]
    others = tuple(rule for rule in allows if on_one_line(rule.text) != SHIPPED_ALLOW)
    # Without the shipped rule, a grant is only one of the conditions of `allow`.
    subject = "allow says so, too" if len(others) == len(allows) else ""
    sheets = tuple(_sheet(policy, RESOURCES[kind], subject, role) for kind in RESOURCES if kind in kinds)
    terms = tuple(rule for rule in rules if rule.name not in {*VERDICTS, "allow"})
    roles = tuple(each for each in TENANT_ROLES if role in {None, each})
    return Matrix(policy.digest, role, roles, sheets, others, terms)


def _sheet(policy: Policy, resource: Resource, subject: str, role: str | None) -> ResourceMatrix:
    helpers = helpers_of(rule.tree for rule in policy.source.rules)
    about = [rule for rule in policy.source.rules if rule.name in VERDICTS - {"grant"}]
    about = [rule for rule in about if concerns(policy.source, rule, resource.name)]
    by_standing: dict[str, list[RuleCondition]] = defaultdict(list)
    for rule in about:
        if rule.name == "has_standing":
            by_standing[word_at(rule, 1)].append(RuleCondition(rule, where(rule)))
    rows = tuple(_rows(policy, resource, subject, role))
    for row in rows:
        by_standing.setdefault(row.standing, [])
    displayed = {row.standing for row in rows} if role else set(by_standing)
    order = sorted(displayed, key=lambda name: (name == TenantKind.SYSTEM, list(by_standing).index(name)))
    standings = tuple(StandingRules(name, tuple(by_standing[name])) for name in order)
    ordered = tuple(sorted(rows, key=lambda row: order.index(row.standing)))
    return ResourceMatrix(resource, standings, ordered, tuple(_restrictions(about, resource, helpers)))


def _rows(policy: Policy, resource: Resource, subject: str, role: str | None) -> Iterator[GrantRow]:
    """By action, then by standing, with the roles that are granted something there."""
    for action in resource.actions:
        by_standing: dict[str, dict[str, list[RoleGrant]]] = defaultdict(lambda: defaultdict(list))
        for item in policy.derivations.grants(resource):
            if item.action is action and role in {None, item.role}:
                by_standing[item.standing][item.role].append(item)
        for standing, by_role in by_standing.items():
            cells = {each: _cell(by_role[each], subject) for each in _in_order(by_role)}
            yield GrantRow(standing, action, cells)


def _in_order(roles: dict[str, list[RoleGrant]]) -> list[str]:
    """Known roles first, in their usual order."""
    known = [role.value for role in ROLES if role.value in roles]
    return known + sorted(set(roles) - set(known))


def _cell(grants: list[RoleGrant], subject: str) -> GrantCell:
    rules = tuple(dict.fromkeys(rule for item in grants for rule in item.rules))
    always = any(item.conditions == ALWAYS for item in grants)
    conditions = [] if always else list(dict.fromkeys(str(item.conditions) for item in grants))
    either = f"({' or '.join(conditions)})" if len(conditions) > 1 and subject else " or ".join(conditions)
    return GrantCell(" and ".join(filter(None, (either, subject))), rules)


def _restrictions(about: list[Rule], resource: Resource, helpers: Helpers) -> Iterator[RestrictionRules]:
    """By code, in the order of the files; without rules about actions of other resource types only."""
    clauses: dict[str, list[RestrictionClause]] = defaultdict(list)
    for rule in about:
        if rule.name == "forbid":
            actions = actions_of(rule, helpers)
            mine = None if actions is None else tuple(item for item in actions if item in resource.actions)
            if mine is None or mine:
                clauses[word_at(rule, 0)].append(RestrictionClause(RuleCondition(rule, where(rule)), mine))
    for code, of_code in clauses.items():
        yield RestrictionRules(code, tuple(of_code))
