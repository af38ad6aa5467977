"""Decisions on records and lists, as they are made and as they are read from a decision log."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import orjson
from pydantic import TypeAdapter, ValidationError

from multichannel.errors import BadInput
from multichannel.policy.decide.policy import Policy
from multichannel.policy.schema.resources import RESOURCES, Relation, Resource
from multichannel.policy.schema.vocabulary import Action, Principal

SCHEMA_VERSION = 1
RECORD, LIST, DROPPED = "record", "list", "dropped"


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionBase:
    """A decision with the policy that made it; `operation` is the store's, such as `get` or `page`."""

    kind: ClassVar[str]
    time: datetime
    policy: Policy
    operation: str
    principal: Principal
    resource: Resource
    microseconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordDecision(DecisionBase):
    """Whether one action was allowed on one record; `facts` is None if the record does not exist."""

    kind: ClassVar[str] = RECORD
    action: Action
    facts: Any | None
    allowed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ListDecision(DecisionBase):
    """A list that was filtered to the rows on which any of some actions is granted, and its length."""

    kind: ClassVar[str] = LIST
    actions: tuple[Action, ...]
    rows: int


Decision = RecordDecision | ListDecision

PRINCIPAL = TypeAdapter(Principal)
Fields = dict[str, type | tuple[type, ...]]
COMMON: Fields = {"id": str, "policy": str, "operation": str, "principal": dict, "resource": str}
OF_KIND: Mapping[str, Fields] = {
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
    """One line of a decision log, whose facts are parsed on access; BadInput names the line.

    `kind` is `record` or `list`, `policy` the digest of the policy that decided. A decision on a record has
    a verdict, and the codes of the restrictions that applied.
    """

    place: str
    content: Mapping[str, Any]
    id: str
    kind: str
    policy: str
    allowed: bool
    reasons: tuple[str, ...]

    @cached_property
    def resource(self) -> Resource:
        """The resource type."""
        resource = RESOURCES.get(self.content["resource"])
        if resource is None:
            raise self._invalid(f"unknown resource {self.content['resource']!r}")
        return resource

    @cached_property
    def actions(self) -> tuple[Action, ...]:
        """The action on a record, or the actions of a list."""
        words = [self.content["action"]] if self.kind == RECORD else self.content["actions"]
        unknown = [word for word in words if word not in self.resource.actions]
        if unknown:
            raise self._invalid(f"{self.resource.name} has no action {unknown[0]!r}")
        return tuple(Action(word) for word in words)

    @property
    def action(self) -> Action:
        """The action on a record."""
        return self.actions[0]

    @cached_property
    def principal(self) -> Principal:
        """The facts of the principal; its tenant id is a pseudonym."""
        facts = self.content["principal"]
        if sorted(facts) != sorted(field.name for field in fields(Principal)):
            raise self._invalid("the facts of the principal differ from those of this version")
        try:
            return PRINCIPAL.validate_python(facts)
        except ValidationError as problem:
            fault = problem.errors()[0]
            raise self._invalid(f"invalid principal: {fault['loc'][0]}: {fault['msg']}") from None

    @cached_property
    def record(self) -> Any | None:
        """The facts of the record; None for a list, and for a record that did not exist."""
        facts = self.content.get("facts")
        return None if facts is None else self._read(self.resource, facts)

    def _read(self, resource: Resource, facts: Any) -> Any:
        attributes = resource.attributes
        if not isinstance(facts, dict) or facts.keys() != attributes.keys():
            raise self._invalid(f"the facts of {resource.name} differ from those of this version")
        read = dict(facts)
        for name, attribute in attributes.items():
            if isinstance(attribute, Relation):
                target, value = RESOURCES[attribute.target], facts[name]
                if attribute.many and not isinstance(value, list):
                    raise self._invalid(f"{resource.name}.{name} must be a list")
                read[name] = (
                    [self._read(target, item) for item in value]
                    if attribute.many
                    else self._read(target, value)
                )
            elif not isinstance(facts[name], str | bool | None):
                raise self._invalid(f"{resource.name}.{name} must be a string, a boolean or null")
        return resource.facts(**read)

    def _invalid(self, message: str) -> BadInput:
        return BadInput(f"{self.place}: {message}")


@dataclass(frozen=True, slots=True)
class DroppedDecisions:
    """Decisions that the server could not log."""

    count: int


@dataclass(frozen=True, slots=True)
class TruncatedLine:
    """An incomplete line, left by a full disk or a killed process."""

    place: str


def read_log(path: Path) -> Iterator[LoggedDecision]:
    """The decisions of a log, read line by line; BadInput names an invalid line."""
    return (line for line in read_entries(path) if isinstance(line, LoggedDecision))


def read_entries(path: Path) -> Iterator[LoggedDecision | DroppedDecisions | TruncatedLine]:
    """The decisions, with the entries about dropped ones and the incomplete lines."""
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
        raise BadInput(f"{place}: not a decision")
    if content.get("schema_version") != SCHEMA_VERSION:
        raise BadInput(f"{place}: not a decision of schema version {SCHEMA_VERSION}")
    for name, kinds in (COMMON | OF_KIND[kind]).items():
        if not isinstance(content.get(name), kinds) or name not in content:
            raise BadInput(f"{place}: a decision on a {kind} must have a valid `{name}`")
    verdict = content.get("allowed", False), tuple(content.get("reasons", ()))
    return LoggedDecision(place, content, content["id"], kind, content["policy"], *verdict)
