"""Decisions: what was decided of a record or a list, and such decisions as a log has them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import orjson

from multichannel.domain.tenants import Cloud, PartnerStatus, PartnerType, TenantKind
from multichannel.errors import BadInput
from multichannel.policy.schema.resources import RESOURCES, Relation, Resource
from multichannel.policy.schema.vocabulary import Action, AuthMode, Principal

if TYPE_CHECKING:
    from multichannel.policy.decide.policy import Policy

SCHEMA_VERSION = 1
RECORD, LIST, DROPPED = "record", "list", "dropped"


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionBase:
    """A decision with the policy that made it. `operation` names what asked, such as `get` or `page`."""

    kind: ClassVar[str]
    time: datetime
    policy: Policy
    operation: str
    principal: Principal
    resource: Resource
    microseconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordDecision(DecisionBase):
    """Whether one action was allowed on one record; `facts` is None where there is no such record."""

    kind: ClassVar[str] = RECORD
    action: Action
    facts: Any | None
    allowed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ListDecision(DecisionBase):
    """That a list was kept to the rows where any of some actions is granted, and how many came of it."""

    kind: ClassVar[str] = LIST
    actions: tuple[Action, ...]
    rows: int


Decision = RecordDecision | ListDecision

Kinds = dict[str, type | tuple[type, ...]]
COMMON: Kinds = {"id": str, "policy": str, "operation": str, "principal": dict, "resource": str}
OF_KIND: Mapping[str, Kinds] = {
    RECORD: {
        "action": str,
        "facts": (dict, type(None)),
        "allowed": bool,
        "reasons": list,
        "rules": list,
    },
    LIST: {"actions": list, "predicate": str, "rows": int, "rules": list},
}


@dataclass(frozen=True)
class LoggedDecision:
    """One line of a decision log. Its parts are read when they are asked for; BadInput tells the line."""

    place: str
    content: Mapping[str, Any]

    @property
    def id(self) -> str:
        """Names the decision."""
        return str(self.content["id"])

    @property
    def kind(self) -> str:
        """`record` or `list`."""
        return str(self.content["kind"])

    @property
    def policy(self) -> str:
        """The digest of the policy that decided."""
        return str(self.content["policy"])

    @property
    def reasons(self) -> tuple[str, ...]:
        """The codes of the restrictions that hit."""
        return tuple(self.content["reasons"])

    @property
    def allowed(self) -> bool:
        """The verdict on a record."""
        return bool(self.content["allowed"])

    @cached_property
    def resource(self) -> Resource:
        """What kind of thing it is about."""
        found = RESOURCES.get(self.content["resource"])
        if found is None:
            raise self._wrong(f"there is no resource {self.content['resource']!r}")
        return found

    @cached_property
    def actions(self) -> tuple[Action, ...]:
        """What was asked for: one action of a record, one or several of a list."""
        words = [self.content["action"]] if self.kind == RECORD else self.content["actions"]
        unknown = [word for word in words if word not in self.resource.actions]
        if unknown:
            raise self._wrong(f"a {self.resource.name} has no action {unknown[0]!r}")
        return tuple(Action(word) for word in words)

    @property
    def action(self) -> Action:
        """What was asked of a record."""
        return self.actions[0]

    @cached_property
    def principal(self) -> Principal:
        """Who asked, by facts; the tenant is known by its pseudonym."""
        told = self.content["principal"]
        if sorted(told) != sorted(field.name for field in fields(Principal)):
            raise self._wrong("the principal has other facts than this version knows")
        try:
            return Principal(
                tenant_id=str(told["tenant_id"]),
                kind=TenantKind(told["kind"]),
                roles=tuple(map(str, told["roles"])),
                cloud=told["cloud"] and Cloud(told["cloud"]),
                type=told["type"] and PartnerType(told["type"]),
                status=told["status"] and PartnerStatus(told["status"]),
                market=told["market"],
                auth_mode=AuthMode(told["auth_mode"]),
            )
        except (TypeError, ValueError) as problem:
            raise self._wrong(f"the principal: {problem}") from None

    @cached_property
    def record(self) -> Any | None:
        """The facts of what it is about; None of a list, and of what was not there."""
        facts = self.content.get("facts")
        return None if facts is None else self._read(self.resource, facts)

    def _read(self, resource: Resource, facts: Any) -> Any:
        attributes = resource.attributes
        if not isinstance(facts, dict) or facts.keys() != attributes.keys():
            raise self._wrong(f"a {resource.name} has other facts than this version knows")
        read = dict(facts)
        for name, attribute in attributes.items():
            if isinstance(attribute, Relation):
                target, value = RESOURCES[attribute.target], facts[name]
                if attribute.many and not isinstance(value, list):
                    raise self._wrong(f"{resource.name}.{name} is no list")
                read[name] = (
                    [self._read(target, item) for item in value]
                    if attribute.many
                    else self._read(target, value)
                )
            elif not isinstance(facts[name], str | bool | None):
                raise self._wrong(f"{resource.name}.{name} is no plain value")
        return resource.facts(**read)

    def _wrong(self, message: str) -> BadInput:
        return BadInput(f"{self.place}: {message}")


@dataclass(frozen=True, slots=True)
class DroppedDecisions:
    """That the server was too busy to log so many decisions."""

    count: int


@dataclass(frozen=True, slots=True)
class TruncatedLine:
    """A line that is not whole: the disk was full, or the process was killed."""

    place: str


def read_log(path: Path) -> Iterator[LoggedDecision]:
    """The decisions of a log, a line at a time; BadInput with the line of what is something else."""
    return (line for line in read_entries(path) if isinstance(line, LoggedDecision))


def read_entries(path: Path) -> Iterator[LoggedDecision | DroppedDecisions | TruncatedLine]:
    """The same with what the log itself says it has lost, and with lines that are not whole."""
    try:
        with path.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                yield _read(f"{path}:{number}", line)
    except OSError as problem:
        raise BadInput(f"{path}: {problem.strerror}") from None


def _read(place: str, line: bytes) -> LoggedDecision | DroppedDecisions | TruncatedLine:
    try:
        content = orjson.loads(line)
    except orjson.JSONDecodeError:
        return TruncatedLine(place)
    kind = content.get("kind") if isinstance(content, dict) else None
    if kind == DROPPED and isinstance(content.get("count"), int):
        return DroppedDecisions(content["count"])
    if not isinstance(kind, str) or kind not in OF_KIND:
        raise BadInput(f"{place}: this is no decision")
    if content.get("schema_version") != SCHEMA_VERSION:
        raise BadInput(f"{place}: this is no decision of schema version {SCHEMA_VERSION}")
    for name, kinds in (COMMON | OF_KIND[kind]).items():
        if not isinstance(content.get(name), kinds) or name not in content:
            raise BadInput(f"{place}: a decision about a {kind} needs `{name}`")
    return LoggedDecision(place, content)
