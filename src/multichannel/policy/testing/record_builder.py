"""Builds records of facts from documents, in which only the relevant facts have to be written.

A fact that may be unknown is, where it is not written; what is true or false is false. A related record has
the market, the cloud and the link of the one it belongs to.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from multichannel.policy.schema.resources import RESOURCES, Relation, Resource, Scalar
from multichannel.policy.testing.cast import CAST
from multichannel.policy.testing.yaml_document import Facts, Place, YamlDocument


class RecordBuilder:
    """Builds records of a document; with `tenants`, no other tenant ids are valid."""

    def __init__(self, document: YamlDocument, tenants: Collection[str] | None) -> None:
        """What is refused is refused by the document."""
        self._document = document
        self._tenants = tenants

    def record(self, resource: Resource, content: Any, implied: Facts, at: Place) -> Any:
        """A record from the facts written at a place and those implied by its position."""
        names = tuple(resource.attributes)
        written = {} if content is None else self._document.names(content, at, f"a {resource.name}", names)
        facts = {name: value for name, value in implied.items() if name in names} | dict(written)
        surroundings: Facts = {name: facts[name] for name in ("market", "cloud") if name in facts}
        read = {}
        # Its own facts first: what is wrong with them is wrong with what follows from them.
        for name, attribute in sorted(
            resource.attributes.items(), key=lambda item: isinstance(item[1], Relation)
        ):
            if isinstance(attribute, Relation):
                read[name] = self._related(attribute, facts, surroundings, (*at, name))
            else:
                line = self._document.line(*at, name)
                read[name] = self._value(resource, attribute, facts.get(name), line)
        return resource.facts(**read)

    def _related(self, relation: Relation, facts: Facts, surroundings: Facts, at: Place) -> Any:
        target, content = RESOURCES[relation.target], facts.get(relation.name)
        if relation.many is None:
            return self.record(target, content, {**surroundings, "id": facts.get(relation.local)}, at)
        link = {**surroundings, relation.remote: facts.get(relation.local)}
        listed = self._document.listed(content, self._document.line(*at), relation.name)
        return [
            self.record(
                target, item, {**link, "id": f"{facts['id']}.{relation.name}.{number}"}, (*at, number)
            )
            for number, item in enumerate(listed)
        ]

    def _value(self, resource: Resource, scalar: Scalar, value: Any, line: int) -> str | bool | None:
        what = f"{resource.name}.{scalar.name}"
        if value is None and scalar.nullable:
            return None
        if scalar.is_flag:
            if not isinstance(value, bool | None):
                self._document.refuse(line, f"{what} must be true or false, not {value!r}")
            return bool(value)
        if not isinstance(value, str):
            self._document.refuse(
                line, f"{what} must be a string" if value is None else f"{what} cannot be {value!r}"
            )
        if scalar.words is not None:
            self._document.word(value, scalar.words, line, what)
        if scalar.name.endswith("_id") and self._tenants is not None:
            self._document.word(value, self._tenants, line, f"a tenant of {CAST}, for {what}")
        return value
