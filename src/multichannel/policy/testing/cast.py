"""The cast: the tenants of test cases, in `cast.yaml`, and their principals.

A principal is called `<tenant>_<role>`, or given as `{tenant: ..., roles: [...], auth_mode: ...}`. Tenants
are known by their names, which serve as their ids.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any

from multichannel.domain.tenants import Cloud, PartnerStatus, PartnerType, TenantKind
from multichannel.policy.schema.vocabulary import ROLES, AuthMode, Principal
from multichannel.policy.testing.yaml_document import Facts, YamlDocument, kind_of

CAST = "cast.yaml"
TENANT_WORDS: dict[str, type[StrEnum]] = {
    "kind": TenantKind,
    "cloud": Cloud,
    "type": PartnerType,
    "status": PartnerStatus,
}
TENANT_FACTS = (*TENANT_WORDS, "market")
WHO = "`who` must be a user such as alder_sales_agent, or a mapping of tenant, roles and auth_mode"


class Cast:
    """The tenants of a policy folder, by name."""

    def __init__(self, folder: Path) -> None:
        """Read `cast.yaml`; PolicyInvalid with file and line of an invalid entry."""
        self.tenants: Facts = dict(_tenants(YamlDocument(folder / CAST)))

    def principal(self, document: YamlDocument, who: Any, line: int) -> Principal:
        """The principal that a case names."""
        if isinstance(who, str):
            tenant, _, role = who.partition("_")
            who = {"tenant": tenant, "roles": [role] if role else []}
        if not isinstance(who, Mapping):
            document.refuse(line, f"{WHO}; it is {kind_of(who)}. Write a case for each user.")
        facts = document.mapping(who, line, "`who`", ("tenant", "roles", "auth_mode"))
        tenant = document.word(facts.get("tenant"), self.tenants, line, f"a tenant of {CAST}")
        roles = document.listed(facts.get("roles"), line, "`roles`")
        mode = document.word(facts.get("auth_mode", AuthMode.APP_USER), AuthMode, line, "a mode")
        return Principal(
            tenant_id=tenant,
            roles=tuple(str(document.word(role, ROLES, line, "a role")) for role in roles),
            auth_mode=AuthMode(mode),
            **self.tenants[tenant],
        )


def principal_name(who: str | Facts) -> str:
    """The name of a principal for messages, as a valid case names it."""
    if isinstance(who, str):
        return who
    return f"{who['tenant']} with {', '.join(who.get('roles') or ['no role'])}"


def _tenants(document: YamlDocument) -> Iterator[tuple[str, Facts]]:
    """The facts of tenants by name; facts that a tenant kind does not have are null."""
    for name, content in document.mapping(document.content, 1, "the cast").items():
        line = document.line(name)
        facts = document.mapping(content, line, name, TENANT_FACTS)
        if "_" in name or "kind" not in facts:
            document.refuse(line, f"{name} needs a `kind` and a name without `_`")
        read: dict[str, Any] = dict.fromkeys(TENANT_FACTS)
        if facts.get("market") is not None:
            market = f"the market of {name} must be a text such as US"
            read["market"] = document.text(facts["market"], line, market)
        for key, words in TENANT_WORDS.items():
            if key in facts:
                read[key] = words(document.word(facts[key], words, line, f"the {key} of a tenant"))
        yield name, read
