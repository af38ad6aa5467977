"""Case files: each `<name>.cases.yaml` beside the policy says what the tenants of `cast.yaml` may do.

A record's id is its name. A case lists what its principal may do and may not, with the reason; or, for a
tenant, the roles that may do each action (`roles`): no other role may, and what is not listed no role may.
`lists` says which of the file's records of a kind somebody finds in a list of all of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

from multichannel.policy.schema.resources import RESOURCES, Resource, with_article
from multichannel.policy.schema.vocabulary import ROLES, Action
from multichannel.policy.testing.cases import Case, ListCase
from multichannel.policy.testing.cast import Cast, principal_name
from multichannel.policy.testing.record_builder import RecordBuilder
from multichannel.policy.testing.yaml_document import Facts, YamlDocument

SUFFIX = ".cases.yaml"
INVALID = "invalid-case"
REASON = "must be the code of a restriction, such as CROSS_CLOUD, or NOT_GRANTED"


class CaseSuite(NamedTuple):
    """The cases and list cases of a policy folder."""

    cases: tuple[Case, ...]
    listings: tuple[ListCase, ...]


def read_suite(folder: Path) -> CaseSuite:
    """All cases and list cases of a folder; PolicyInvalid with file and line of an invalid entry."""
    paths = sorted(folder.glob(f"*{SUFFIX}"))
    if not paths:
        return CaseSuite((), ())
    cast = Cast(folder)
    files = [_CaseFile(path, cast) for path in paths]
    return CaseSuite(
        tuple(case for file in files for case in file.cases()),
        tuple(listing for file in files for listing in file.listings()),
    )


def read_cases(folder: Path) -> tuple[Case, ...]:
    """All cases of a policy folder, without its lists; PolicyInvalid as for `read_suite`."""
    return read_suite(folder).cases


class _CaseFile(YamlDocument):
    """The records and cases of one file."""

    def __init__(self, path: Path, cast: Cast) -> None:
        super().__init__(path)
        self._cast = cast
        self._reader = RecordBuilder(self, cast.tenants)
        self._content = self.mapping(self.content, 1, "a file of cases", ("facts", "cases", "lists"))
        self._known = dict(self._records(self.mapping(self._content.get("facts"), 1, "`facts`")))

    def refuse(self, line: int, message: str) -> NoReturn:
        """Raise PolicyInvalid with file, line and the code of such mistakes."""
        super().refuse(line, f"{message} [{INVALID}]")

    def cases(self) -> Iterator[Case]:
        """The cases, in order."""
        for number, item in enumerate(self.listed(self._content.get("cases"), 1, "`cases`")):
            yield self._case(item, self.line("cases", number), self._known)

    def listings(self) -> Iterator[ListCase]:
        """The lists, in order."""
        for number, item in enumerate(self.listed(self._content.get("lists"), 1, "`lists`")):
            yield self._listing(item, self.line("lists", number))

    def _records(self, kinds: Facts) -> Iterator[tuple[str, tuple[Resource, Any]]]:
        seen = set()
        for kind, records in kinds.items():
            line = self.line("facts", kind)
            resource = RESOURCES[self.word(kind, RESOURCES, line, "a resource")]
            for name, content in self.mapping(records, line, kind).items():
                at = ("facts", kind, name)
                if name in seen:
                    self.refuse(self.line(*at), f"there is another record named {name}")
                seen.add(name)
                yield (
                    name,
                    (resource, self._reader.record(resource, content, {"id": name}, at)),
                )

    def _case(self, item: Any, line: int, records: Mapping[str, tuple[Resource, Any]]) -> Case:
        case = self.mapping(item, line, "a case", ("who", "what", "may", "may_not", "roles", "why"))
        missing = [key for key in ("who", "what", "why") if not case.get(key)]
        if missing or not (case.get("may") or case.get("may_not") or "roles" in case):
            self.refuse(line, f"a case needs {missing[0] if missing else 'may, may_not or roles'}")
        resource, record = records[self.word(case["what"], records, line, "a record of this file")]
        denied = self.mapping(case.get("may_not") or {}, line, "`may_not`")
        return Case(
            **self._common(case, line),
            what=case["what"],
            resource=resource,
            record=record,
            may=tuple(
                self._action(word, resource, line) for word in self.listed(case.get("may"), line, "`may`")
            ),
            may_not={
                self._action(word, resource, line): self.text(code, line, f"`may_not` of {word} {REASON}")
                for word, code in denied.items()
            },
            roles=self._roles(case, resource, line) if "roles" in case else None,
        )

    def _listing(self, item: Any, line: int) -> ListCase:
        listing = self.mapping(item, line, "a list", ("who", "of", "sees", "to", "why"))
        missing = [key for key in ("who", "of", "sees", "why") if listing.get(key) in (None, "")]
        if missing:
            self.refuse(line, f"a list needs {missing[0]}")
        resource = RESOURCES[self.word(listing["of"], RESOURCES, line, "a resource")]
        records = {name: record for name, (kind, record) in self._known.items() if kind is resource}
        known = f"a {resource.name} of this file"
        return ListCase(
            **self._common(listing, line),
            resource=resource,
            records=records,
            sees=frozenset(
                self.word(name, records, line, known) for name in self.listed(listing["sees"], line, "`sees`")
            ),
            to=self._action(listing["to"], resource, line) if "to" in listing else None,
        )

    def _common(self, case: Facts, line: int) -> dict[str, Any]:
        """The facts of a case of either form, but for its resource type."""
        principal = self._cast.principal(self, case["who"], line)
        return {
            "file": self.file,
            "line": line,
            "who": principal_name(case["who"]),
            "principal": principal,
            "why": self.text(case["why"], line, "`why` must be a sentence"),
        }

    def _roles(self, case: Facts, resource: Resource, line: int) -> Mapping[Action, frozenset[str]]:
        """By action the roles that may do it."""
        table = self.mapping(case["roles"] or {}, line, "`roles`")
        return {
            self._action(action, resource, line): frozenset(
                str(self.word(role, ROLES, line, "a role")) for role in self.listed(roles, line, action)
            )
            for action, roles in table.items()
        }

    def _action(self, word: Any, resource: Resource, line: int) -> Action:
        return Action(self.word(word, resource.actions, line, f"an action on {with_article(resource.name)}"))
