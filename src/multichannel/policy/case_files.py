"""Case files: `cast.yaml` says who there is, and each `<name>.cases.yaml` what they may do.

A principal is called `<tenant>_<role>`, or given as `{tenant: ..., roles: [...]}`. Tenants are known by their
names, which serve as their ids. Of a record only what matters has to be written: its id is its name, a fact
that may be unknown is, and a related record has the market, the cloud and the link of the one it belongs to.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from enum import StrEnum
from pathlib import Path
from typing import Any, NoReturn

import yaml

from multichannel.domain.tenants import Cloud, PartnerStatus, PartnerType, TenantKind
from multichannel.domain.users import Role
from multichannel.errors import PolicyInvalid
from multichannel.policy.cases import Case
from multichannel.policy.resources import RESOURCES, Relation, Resource, Scalar
from multichannel.policy.vocabulary import Action, AuthMode, Principal, SystemRole

CAST = "cast.yaml"
SUFFIX = ".cases.yaml"
TENANT_WORDS: dict[str, type[StrEnum]] = {
    "kind": TenantKind,
    "cloud": Cloud,
    "type": PartnerType,
    "status": PartnerStatus,
}
TENANT_FACTS = (*TENANT_WORDS, "market")
ROLES = [*Role, *SystemRole]

Facts = Mapping[str, Any]


def read_cases(folder: Path) -> tuple[Case, ...]:
    """All cases of a policy folder, or PolicyInvalid naming file and line of what has no meaning."""
    cast = dict(_Cast(folder / CAST).tenants())
    return tuple(case for path in sorted(folder.glob(f"*{SUFFIX}")) for case in _CaseFile(path, cast).cases())


class _Document:
    """One YAML file, with the line of everything in it."""

    def __init__(self, path: Path) -> None:
        self.file = path.name
        self._lines: dict[tuple[object, ...], int] = {}
        try:
            loader = yaml.SafeLoader(path.read_text("utf-8"))
            node = loader.get_single_node()
            self._note_lines(node, ())
            self.content = loader.construct_document(node) if node else None
        except (OSError, UnicodeDecodeError) as error:
            raise PolicyInvalid(f"{path}: {error}") from error
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 1
            raise PolicyInvalid(f"{self.file}:{line}: {error.problem}") from error

    def line(self, *path: object) -> int:
        """Where something stands."""
        return self._lines.get(path, 1)

    def refuse(self, line: int, message: str) -> NoReturn:
        """Say what has no meaning, and where."""
        raise PolicyInvalid(f"{self.file}:{line}: {message}")

    def mapping(self, value: Any, line: int, what: str, keys: tuple[str, ...] | None = None) -> Facts:
        """A mapping of names, of these names only."""
        if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
            self.refuse(line, f"{what} must be a mapping of names")
        unknown = [key for key in value if keys is not None and key not in keys]
        if unknown:
            self.refuse(line, f"{what} has no `{unknown[0]}`; it has {', '.join(keys or ())}")
        return value

    def listed(self, value: Any, line: int, what: str) -> list[Any]:
        """A list, or nothing."""
        if value is not None and not isinstance(value, list):
            self.refuse(line, f"{what} must be a list")
        return value or []

    def word(self, value: Any, words: Any, line: int, what: str) -> Any:
        """One of some words."""
        if value not in list(words):
            self.refuse(line, f"{value!r} is not {what}; it is one of {', '.join(sorted(words))}")
        return value

    def _note_lines(self, node: yaml.Node | None, path: tuple[object, ...]) -> None:
        """Remember lines; a key that is given twice is refused, where YAML would take the last."""
        if node is not None:
            self._lines[path] = node.start_mark.line + 1
        if isinstance(node, yaml.SequenceNode):
            for number, item in enumerate(node.value):
                self._note_lines(item, (*path, number))
        if isinstance(node, yaml.MappingNode):
            names = [key.value for key, _ in node.value]
            for key, item in node.value:
                if names.count(key.value) > 1:
                    self.refuse(key.start_mark.line + 1, f"`{key.value}` is given twice")
                self._note_lines(item, (*path, key.value))
                self._lines[*path, key.value] = key.start_mark.line + 1


class _Cast(_Document):
    """The tenants that cases speak of."""

    def tenants(self) -> Iterator[tuple[str, Facts]]:
        """Their facts by name; those of a kind that has none are unknown."""
        for name, given in self.mapping(self.content, 1, "the cast").items():
            line = self.line(name)
            facts = self.mapping(given, line, name, TENANT_FACTS)
            if "_" in name or "kind" not in facts:
                self.refuse(line, f"{name} needs a `kind`, and a name without `_`")
            read: dict[str, Any] = dict.fromkeys(TENANT_FACTS) | {"market": facts.get("market")}
            for key, words in TENANT_WORDS.items():
                if key in facts:
                    read[key] = words(self.word(facts[key], words, line, f"the {key} of a tenant"))
            yield name, read


class _CaseFile(_Document):
    """The records and cases of one file."""

    def __init__(self, path: Path, cast: Mapping[str, Facts]) -> None:
        super().__init__(path)
        self._cast = cast

    def cases(self) -> Iterator[Case]:
        """The cases, in order."""
        content = self.mapping(self.content, 1, "a file of cases", ("facts", "cases"))
        records = dict(self._records(self.mapping(content.get("facts"), 1, "`facts`")))
        for number, item in enumerate(self.listed(content.get("cases"), 1, "`cases`")):
            yield self._case(item, self.line("cases", number), records)

    def _records(self, kinds: Facts) -> Iterator[tuple[str, tuple[Resource, Any]]]:
        seen = set()
        for kind, records in kinds.items():
            line = self.line("facts", kind)
            resource = RESOURCES[self.word(kind, RESOURCES, line, "a resource")]
            for name, given in self.mapping(records, line, kind).items():
                line = self.line("facts", kind, name)
                if name in seen:
                    self.refuse(line, f"another record is called {name}, too")
                seen.add(name)
                yield name, (resource, self._record(resource, given, {"id": name}, line))

    def _case(self, item: Any, line: int, records: Mapping[str, tuple[Resource, Any]]) -> Case:
        case = self.mapping(item, line, "a case", ("who", "what", "may", "may_not", "why"))
        missing = [key for key in ("who", "what", "why") if not case.get(key)]
        if missing or not (case.get("may") or case.get("may_not")):
            self.refuse(line, f"a case needs {missing[0] if missing else 'may, or may_not'}")
        resource, record = records[self.word(case["what"], records, line, "a record of this file")]
        denied = self.mapping(case.get("may_not") or {}, line, "`may_not`")
        return Case(
            file=self.file,
            line=line,
            who=_called(case["who"]),
            principal=self._principal(case["who"], line),
            what=case["what"],
            resource=resource,
            record=record,
            may=tuple(
                self._action(word, resource, line) for word in self.listed(case.get("may"), line, "`may`")
            ),
            may_not={self._action(word, resource, line): str(code) for word, code in denied.items()},
            why=str(case["why"]),
        )

    def _principal(self, who: Any, line: int) -> Principal:
        if isinstance(who, str):
            tenant, _, role = who.partition("_")
            who = {"tenant": tenant, "roles": [role] if role else []}
        facts = self.mapping(who, line, "`who`", ("tenant", "roles", "auth_mode"))
        tenant = self.word(facts.get("tenant"), self._cast, line, f"a tenant of {CAST}")
        roles = self.listed(facts.get("roles"), line, "`roles`")
        mode = self.word(facts.get("auth_mode", AuthMode.APP_USER), AuthMode, line, "a mode")
        return Principal(
            tenant_id=tenant,
            roles=tuple(str(self.word(role, ROLES, line, "a role")) for role in roles),
            auth_mode=AuthMode(mode),
            **self._cast[tenant],
        )

    def _action(self, word: Any, resource: Resource, line: int) -> Action:
        return Action(self.word(word, resource.actions, line, f"an action on a {resource.name}"))

    def _record(self, resource: Resource, given: Any, implied: Facts, line: int) -> Any:
        """A record of facts from what is written and what follows from where it stands."""
        names = tuple(field.name for field in fields(resource.facts))
        written = self.mapping(given or {}, line, f"a {resource.name}", names)
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
            return self._record(target, given, {**surroundings, "id": facts.get(relation.local)}, line)
        link = {**surroundings, relation.remote: facts["id"]}
        return [
            self._record(target, item, {**link, "id": f"{facts['id']}.{relation.name}.{number}"}, line)
            for number, item in enumerate(self.listed(given, line, relation.name))
        ]

    def _value(self, resource: Resource, scalar: Scalar, value: Any, line: int) -> str | bool | None:
        what = f"{resource.name}.{scalar.name}"
        if value is None and scalar.nullable:
            return None
        if resource.model is not None and resource.column(scalar.name).type.python_type is bool:
            return self._flag(what, value, line)
        if not isinstance(value, str):
            self.refuse(line, f"{what} must be given as text" if value is None else f"{what} is no {value!r}")
        if scalar.words is not None:
            self.word(value, scalar.words, line, what)
        if scalar.name.endswith("_id"):
            self.word(value, self._cast, line, f"a tenant of {CAST}, for {what}")
        return value

    def _flag(self, what: str, value: Any, line: int) -> bool:
        """Yes or no; what is not said is no."""
        if value not in {None, True, False}:
            self.refuse(line, f"{what} is true or false, not {value!r}")
        return bool(value)


def _called(who: str | Facts) -> str:
    """A principal as a person would name it."""
    if isinstance(who, str):
        return who
    return f"{who['tenant']} with {', '.join(who.get('roles') or ['no role'])}"
