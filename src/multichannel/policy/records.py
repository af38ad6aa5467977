"""Records of facts as people write them: of a record only what matters has to be written.

A fact that may be unknown is, where it is not written; what is true or false is false. A related record has
the market, the cloud and the link of the one it belongs to.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import fields
from typing import Any

from multichannel.policy.cast import CAST
from multichannel.policy.documents import Document, Facts
from multichannel.policy.resources import RESOURCES, Relation, Resource, Scalar


class Records:
    """Makes records of what a document says; where `tenants` are given, no id of a tenant is another."""

    def __init__(self, document: Document, tenants: Collection[str] | None) -> None:
        """What is refused is refused by the document."""
        self._document = document
        self._tenants = tenants

    def record(self, resource: Resource, given: Any, implied: Facts, line: int) -> Any:
        """A record of facts from what is written and what follows from where it stands."""
        names = tuple(field.name for field in fields(resource.facts))
        written = self._document.mapping(given or {}, line, f"a {resource.name}", names)
        facts = {name: value for name, value in implied.items() if name in names} | dict(written)
        surroundings: Facts = {name: facts[name] for name in ("market", "cloud") if name in facts}
        read = {}
        for name, attribute in resource.attributes.items():
            if isinstance(attribute, Relation):
                read[name] = self._related(attribute, facts, surroundings, line)
            else:
                read[name] = self._value(resource, attribute, facts.get(name), line)
        return resource.facts(**read)

    def _related(self, relation: Relation, facts: Facts, surroundings: Facts, line: int) -> Any:
        target, given = RESOURCES[relation.target], facts.get(relation.name)
        if relation.many is None:
            return self.record(target, given, {**surroundings, "id": facts.get(relation.local)}, line)
        link = {**surroundings, relation.remote: facts["id"]}
        return [
            self.record(target, item, {**link, "id": f"{facts['id']}.{relation.name}.{number}"}, line)
            for number, item in enumerate(self._document.listed(given, line, relation.name))
        ]

    def _value(self, resource: Resource, scalar: Scalar, value: Any, line: int) -> str | bool | None:
        what = f"{resource.name}.{scalar.name}"
        if value is None and scalar.nullable:
            return None
        if resource.model is not None and resource.column(scalar.name).type.python_type is bool:
            return self._flag(what, value, line)
        if not isinstance(value, str):
            self._document.refuse(
                line, f"{what} must be given as text" if value is None else f"{what} is no {value!r}"
            )
        if scalar.words is not None:
            self._document.word(value, scalar.words, line, what)
        if scalar.name.endswith("_id") and self._tenants is not None:
            self._document.word(value, self._tenants, line, f"a tenant of {CAST}, for {what}")
        return value

    def _flag(self, what: str, value: Any, line: int) -> bool:
        """Yes or no; what is not said is no."""
        if value not in {None, True, False}:
            self._document.refuse(line, f"{what} is true or false, not {value!r}")
        return bool(value)
