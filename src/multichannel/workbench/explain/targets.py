"""Who asks for what: principals and records as reviewers name them, from cases, files or a database."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Any, NoReturn

from multichannel.errors import BadInput
from multichannel.policy.language.vocabulary_check import did_you_mean
from multichannel.policy.schema.resources import RESOURCES, Resource
from multichannel.policy.schema.vocabulary import ROLES, Action, AuthMode, Principal
from multichannel.policy.testing.case_files import read_cases
from multichannel.policy.testing.cast import CAST, TENANT_FACTS, TENANT_WORDS, Cast
from multichannel.policy.testing.record_builder import Records
from multichannel.policy.testing.yaml_document import Document
from multichannel.store.operator_access import load_facts
from multichannel.store.store import Store
from multichannel.store.users import SIGNING_IN

LISTED = 40
FILES = (".json", ".yaml", ".yml")
PRINCIPAL_FACTS = ("tenant_id", "roles", "auth_mode", *TENANT_FACTS)


@dataclass(frozen=True, slots=True)
class Asked:
    """A record that is asked for; `seen` is False where the principal cannot see it at all."""

    name: str
    resource: Resource
    record: Any
    seen: bool = True


@dataclass(frozen=True, slots=True)
class Database:
    """A database to ask about: who can be named there, and whether to look past the principal's sight."""

    store: Store
    people: Mapping[str, tuple[str, str]]
    """Tenant id and object id by name."""
    read_id: Callable[[str], tuple[Resource, str]]
    """What an id of the API names; BadInput when it names nothing."""
    open_to_operator: bool


class Asking:
    """Finds who and what, by the cases of a policy folder, files of facts, and a database if there is one."""

    def __init__(self, folder: Path, database: Callable[[], Database]) -> None:
        """`database` opens it, the first time that something is looked for there; or raises BadInput."""
        self._folder = folder
        self._open = database

    def principal(self, who: str) -> Principal:
        """Who asks: `<tenant>_<role>` of the cast, a person of the database, or a file of facts."""
        if who.endswith(FILES) or "/" in who:
            return _principal(Document(Path(who), BadInput, who))
        tenant, _, role = who.partition("_")
        if tenant in self._cast.tenants:
            if role and role not in ROLES:
                raise BadInput(f"{role!r} is no role.{did_you_mean(role, ROLES)}")
            return self._cast.principal(Document(self._folder / CAST, BadInput), who, 1)
        if "_" in who:
            _unknown(tenant, f"no tenant of {CAST}", self._cast.tenants)
        return self._person(who)

    def action(self, word: str, resource: Resource) -> Action:
        """An action on a kind of record, written as in a policy or as in the API."""
        if word.lower() not in resource.actions:
            _unknown(word.lower(), f"no action on a {resource.name}", resource.actions)
        return Action(word.lower())

    def record(self, what: str, principal: Principal) -> Asked:
        """What is asked for: a record of the cases, an id of the API, or a file of facts."""
        if what.endswith(FILES) or "/" in what:
            return _record(what, Document(Path(what), BadInput, what))
        file, _, name = what.rpartition(":")
        found = [each for each in self._records.get(name, ()) if not file or each.name.startswith(file)]
        if len(found) == 1:
            return found[0]
        if found:
            several = ", ".join(each.name for each in found)
            raise BadInput(f"Several records are called {name}; name one of them: {several}.")
        if "-" in what:
            return self._stored(what, principal)
        return _unknown(what, "no record of the cases", self._records)

    @cached_property
    def _cast(self) -> Cast:
        return Cast(self._folder)

    @cached_property
    def _database(self) -> Database:
        return self._open()

    @cached_property
    def _records(self) -> dict[str, list[Asked]]:
        """Those that a case is about, by name."""
        found: dict[str, dict[str, Asked]] = {}
        for case in read_cases(self._folder):
            name = f"{case.file.partition('.')[0]}:{case.what}"
            found.setdefault(case.what, {})[name] = Asked(name, case.resource, case.record)
        return {name: list(records.values()) for name, records in found.items()}

    def _person(self, who: str) -> Principal:
        database = self._asked_for(who)
        people = database.people
        if who not in people:
            _unknown(who, "nobody of the cast and nobody of the database", (*people, *self._names()))
        tenant_id, object_id = people[who]
        with database.store.reading(SIGNING_IN) as work:
            caller = work.sign_in.caller(
                tenant_id=tenant_id, object_id=object_id, auth_mode=AuthMode.APP_USER
            )
        if caller is None:
            raise BadInput(f"{who} cannot sign in: no active user of that id, or the policy hides it.")
        return caller.principal

    def _asked_for(self, word: str) -> Database:
        """The database, which is asked because the cases know nothing of that name."""
        try:
            return self._database
        except BadInput as error:
            raise BadInput(f"{word!r} is not in the cases, and {error.message}") from None

    def _names(self) -> Iterable[str]:
        return (f"{tenant}_{role}" for tenant in self._cast.tenants for role in ROLES)

    def _stored(self, what: str, principal: Principal) -> Asked:
        """A row, by the principal's own sight; past it only for the operator who named the database."""
        database = self._asked_for(what)
        resource, row_id = database.read_id(what)
        with database.store.reading(principal) as work:
            facts = work.repository(resource).facts(row_id)
        if facts is not None:
            return Asked(what, resource, facts)
        if database.open_to_operator:
            engine, now = database.store.engine, database.store.clock()
            facts = load_facts(engine, resource, row_id, tenant_id=principal.tenant_id, now=now)
        elif facts is None:
            raise BadInput(
                f"{what} is nothing that this principal sees. To explain it all the same, name the database "
                "with --database-url."
            )
        if facts is None:
            raise BadInput(f"The database holds no {what}.")
        return Asked(what, resource, facts, seen=False)


def _principal(document: Document) -> Principal:
    facts = document.names(document.content, (), "a principal", PRINCIPAL_FACTS)
    missing = [name for name in ("tenant_id", "kind") if not facts.get(name)]
    if missing:
        document.refuse(document.line(missing[0]), f"a principal needs `{missing[0]}`")
    for name in ("tenant_id", "market"):
        if not isinstance(facts.get(name), str | None):
            document.refuse(document.line(name), f"the {name} of a principal must be given as text")
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


def _record(name: str, document: Document) -> Asked:
    content = document.names(document.content, (), "a record", tuple(RESOURCES))
    if len(content) != 1:
        document.refuse(1, 'one record is asked for: {"Subscription": {...}}')
    kind, given = next(iter(content.items()))
    resource = RESOURCES[kind]
    return Asked(name, resource, Records(document, None).record(resource, given, {"id": "asked"}, (kind,)))


def _unknown(word: str, what: str, known: Iterable[str]) -> NoReturn:
    known = sorted(known)
    hint = did_you_mean(word, known) or (f" There are {', '.join(known)}." if len(known) <= LISTED else "")
    raise BadInput(f"{word!r} is {what}.{hint}")
