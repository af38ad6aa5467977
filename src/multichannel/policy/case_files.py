"""Case files: each `<name>.cases.yaml` beside the policy says what the tenants of `cast.yaml` may do.

A record's id is its name. A case lists what its principal may do and may not, with the reason; or, for a
tenant, the roles that may do each action (`roles`): no other role may, and what is not listed no role may.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from multichannel.policy.cases import Case
from multichannel.policy.cast import ROLES, Cast, called
from multichannel.policy.documents import Document, Facts
from multichannel.policy.records import Records
from multichannel.policy.resources import RESOURCES, Resource
from multichannel.policy.vocabulary import Action

SUFFIX = ".cases.yaml"


def read_cases(folder: Path) -> tuple[Case, ...]:
    """All cases of a policy folder, or PolicyInvalid naming file and line of what has no meaning."""
    cast = Cast(folder)
    files = sorted(folder.glob(f"*{SUFFIX}"))
    return tuple(case for path in files for case in _CaseFile(path, cast).cases())


class _CaseFile(Document):
    """The records and cases of one file."""

    def __init__(self, path: Path, cast: Cast) -> None:
        super().__init__(path)
        self._cast = cast
        self._reader = Records(self, cast.tenants)

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
                yield name, (resource, self._reader.record(resource, given, {"id": name}, line))

    def _case(self, item: Any, line: int, records: Mapping[str, tuple[Resource, Any]]) -> Case:
        case = self.mapping(item, line, "a case", ("who", "what", "may", "may_not", "roles", "why"))
        missing = [key for key in ("who", "what", "why") if not case.get(key)]
        if missing or not (case.get("may") or case.get("may_not") or "roles" in case):
            self.refuse(line, f"a case needs {missing[0] if missing else 'may, may_not or roles'}")
        resource, record = records[self.word(case["what"], records, line, "a record of this file")]
        denied = self.mapping(case.get("may_not") or {}, line, "`may_not`")
        return Case(
            file=self.file,
            line=line,
            who=called(case["who"]),
            principal=self._cast.principal(self, case["who"], line),
            what=case["what"],
            resource=resource,
            record=record,
            may=tuple(
                self._action(word, resource, line) for word in self.listed(case.get("may"), line, "`may`")
            ),
            may_not={self._action(word, resource, line): str(code) for word, code in denied.items()},
            roles=self._roles(case, resource, line) if "roles" in case else None,
            why=str(case["why"]),
        )

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
        return Action(self.word(word, resource.actions, line, f"an action on a {resource.name}"))
