"""Resolves `--as`, `--action` and `--resource`: names in test cases, files, or ids in a database."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, cached_property
from pathlib import Path
from typing import Any, NoReturn

from multichannel.errors import BadInput
from multichannel.policy.explain.standing_access import tenant_ids
from multichannel.policy.language.vocabulary_check import did_you_mean
from multichannel.policy.schema.resources import RESOURCES, Resource
from multichannel.policy.schema.vocabulary import ROLES, Action, AuthMode, Principal
from multichannel.policy.testing.case_files import read_cases
from multichannel.policy.testing.cast import CAST, TENANT_FACTS, TENANT_WORDS, Cast
from multichannel.policy.testing.record_builder import RecordBuilder
from multichannel.policy.testing.yaml_document import YamlDocument
from multichannel.store.operator_access import load_facts, sample_tenants
from multichannel.store.store import Store
from multichannel.store.users import SIGNING_IN

MAX_SUGGESTIONS = 40
FILES = (".json", ".yaml", ".yml")
PRINCIPAL_FACTS = ("tenant_id", "roles", "auth_mode", *TENANT_FACTS)


@dataclass(frozen=True, slots=True)
class Target:
    """A record to decide on; `visible` is False if the principal cannot see it at all."""

    name: str
    resource: Resource
    record: Any
    visible: bool = True
    is_row: bool = False
    """Whether it is of a database."""


Tenants = tuple[tuple[str, Principal], ...]
"""Names and principals."""


@dataclass(frozen=True, slots=True)
class Database:
    """A database, its users, and whether records that the principal cannot see may be read."""

    store: Store
    people: Mapping[str, tuple[str, str]]
    """Tenant id and object id by name."""
    read_id: Callable[[str], tuple[Resource, str]]
    """The resource type and row id of an API id; BadInput if it is invalid."""
    id_of: Callable[[Resource, str], str]
    """The API id of a row."""
    open_to_operator: bool


class TargetResolver:
    """Finds principals and records in the test cases of a policy, in files, and in a database."""

    def __init__(self, folder: Path, database: Callable[[], Database]) -> None:
        """`database` is called for the first lookup in it; it raises BadInput if there is none."""
        self._folder = folder
        self._open = cache(database)

    def principal(self, who: str) -> Principal:
        """The principal: `<tenant>_<role>` of the cast, a user of the database, or a file of facts."""
        if _is_file(who):
            return _principal(YamlDocument(Path(who), BadInput, who))
        tenant, _, role = who.partition("_")
        if tenant in self._cast.tenants:
            if role and role not in ROLES:
                raise BadInput(f"{role!r} is not a valid role.{did_you_mean(role, ROLES)}")
            return self._cast.principal(YamlDocument(self._folder / CAST, BadInput), who, 1)
        if "_" in who:
            _unknown(tenant, f"not a tenant of {CAST}", self._cast.tenants)
        return self._user(who)

    def is_user(self, who: str) -> bool:
        """Whether a principal is a user of the database."""
        return not _is_file(who) and who.partition("_")[0] not in self._cast.tenants

    def action(self, word: str, resource: Resource) -> Action:
        """An action on a resource type, written as in a policy or as in the API."""
        if word.lower() not in resource.actions:
            _unknown(word.lower(), f"not an action on {resource.name}", resource.actions)
        return Action(word.lower())

    def record(self, what: str, principal: Principal | None) -> Target:
        """The record: a name in the test cases, an id of the API, or a file of facts.

        Without a principal, an id is that of any row, which only the operator may read.
        """
        if _is_file(what):
            return _record(what, YamlDocument(Path(what), BadInput, what))
        file, _, name = what.rpartition(":")
        matches = [each for each in self._records.get(name, ()) if not file or each.name.startswith(file)]
        if len(matches) == 1:
            return matches[0]
        if matches:
            names = ", ".join(each.name for each in matches)
            raise BadInput(f"The record name {name} is ambiguous; use one of: {names}.")
        if "-" in what:
            return self._row(what, principal)
        return _unknown(what, "not a record of the test cases", self._records)

    @property
    def records(self) -> list[Target]:
        """The records of the test cases."""
        return [target for targets in self._records.values() for target in targets]

    @property
    def database(self) -> Database:
        """The database; BadInput if there is none."""
        return self._open()

    def tenants(self, target: Target) -> Tenants:
        """The tenants that may have a standing at a record, each with a principal that has every role.

        Those of the cast, for a record of the test cases or of a file; for a row, those of its facts.
        """
        if target.is_row:
            return sample_tenants(self._open().store.engine, ids=[*tenant_ids(target.record)])
        return tuple(
            (
                name,
                Principal(tenant_id=name, roles=tuple(map(str, ROLES)), auth_mode=AuthMode.APP_USER, **facts),
            )
            for name, facts in self._cast.tenants.items()
        )

    @cached_property
    def _cast(self) -> Cast:
        return Cast(self._folder)

    @cached_property
    def _records(self) -> dict[str, list[Target]]:
        """The records of the test cases, by name."""
        by_name: dict[str, dict[str, Target]] = {}
        for case in read_cases(self._folder):
            name = f"{case.file.partition('.')[0]}:{case.what}"
            by_name.setdefault(case.what, {})[name] = Target(name, case.resource, case.record)
        return {name: list(records.values()) for name, records in by_name.items()}

    def _user(self, who: str) -> Principal:
        database = self._database_for(who)
        people = database.people
        if who not in people:
            names = (f"{tenant}_{role}" for tenant in self._cast.tenants for role in ROLES)
            _unknown(who, "neither a principal of the cast nor a user of the database", (*people, *names))
        tenant_id, object_id = people[who]
        with database.store.reading(SIGNING_IN) as work:
            caller = work.sign_in.caller(
                directory_id=tenant_id, object_id=object_id, auth_mode=AuthMode.APP_USER
            )
        if caller is None:
            raise BadInput(f"{who} cannot sign in: the user is unknown, inactive or hidden by the policy.")
        return caller.principal

    def _database_for(self, word: str) -> Database:
        """The database, for a name that the test cases do not define."""
        try:
            return self._open()
        except BadInput as error:
            raise BadInput(f"{word!r} is not in the test cases, and {error.message}") from None

    def _row(self, what: str, principal: Principal | None) -> Target:
        """A row that the principal can see; any row for the operator who named the database."""
        database = self._database_for(what)
        resource, row_id = database.read_id(what)
        if principal is not None:
            with database.store.reading(principal) as work:
                facts = work.repository(resource).facts(row_id)
            if facts is not None:
                return Target(what, resource, facts, is_row=True)
        if not database.open_to_operator:
            unseen = "is not visible to this principal" if principal else "is a row of a database"
            raise BadInput(f"{what} {unseen}. To read it anyway, use --database-url.")
        tenant_id = None if principal is None else principal.tenant_id
        engine, now = database.store.engine, database.store.clock()
        facts = load_facts(engine, resource, row_id, tenant_id=tenant_id, now=now)
        if facts is None:
            raise BadInput(f"{what} not found in the database.")
        return Target(what, resource, facts, visible=principal is None, is_row=True)


def _is_file(word: str) -> bool:
    return word.endswith(FILES) or "/" in word


def _principal(document: YamlDocument) -> Principal:
    facts = document.names(document.content, (), "a principal", PRINCIPAL_FACTS)
    missing = [name for name in ("tenant_id", "kind") if not facts.get(name)]
    if missing:
        document.refuse(document.line(missing[0]), f"`{missing[0]}` of a principal is required")
    for name in ("tenant_id", "market"):
        if not isinstance(facts.get(name), str | None):
            document.refuse(document.line(name), f"`{name}` of a principal must be text")
    words: dict[str, type[StrEnum]] = {**TENANT_WORDS, "auth_mode": AuthMode}
    read: dict[str, Any] = {"market": facts.get("market"), "tenant_id": facts["tenant_id"]}
    for name, kind in words.items():
        if facts.get(name) is not None:
            word = document.word(facts[name], kind, document.line(name), f"the {name} of a principal")
            read[name] = kind(word)
    roles = document.listed(facts.get("roles"), document.line("roles"), "`roles`")
    for number, role in enumerate(roles):
        document.word(role, ROLES, document.line("roles", number), "a role")
    return Principal(**read, roles=tuple(map(str, roles)))


def _record(name: str, document: YamlDocument) -> Target:
    content = document.names(document.content, (), "a record", tuple(RESOURCES))
    if len(content) != 1:
        document.refuse(1, 'exactly one record is required, such as {"Subscription": {...}}')
    kind, facts = next(iter(content.items()))
    resource = RESOURCES[kind]
    record = RecordBuilder(document, None).record(resource, facts, {"id": "asked"}, (kind,))
    return Target(name, resource, record)


def _unknown(word: str, what: str, known: Iterable[str]) -> NoReturn:
    known = sorted(known)
    hint = did_you_mean(word, known) or (
        f" Choose from: {', '.join(known)}." if len(known) <= MAX_SUGGESTIONS else ""
    )
    raise BadInput(f"{word!r} is {what}.{hint}")
