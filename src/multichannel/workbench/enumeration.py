"""Principals of every shape: what two versions of a policy are compared for."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import product

from multichannel.domain.tenants import Cloud, PartnerStatus, PartnerType, TenantKind
from multichannel.domain.users import Role
from multichannel.policy.language.source import PolicySource
from multichannel.policy.schema.vocabulary import AuthMode, Principal, SystemRole

OWN_TENANT = "own_tenant"
"""The id of the tenant of every principal here, and of whatever is its own."""

MARKET = re.compile("[A-Z]{2}")
USUAL, OTHER = "US", "ZZ"
SHAPE = ("kind", "type", "status", "cloud", "market", "auth_mode")
"""The facts that principals differ in, roles aside."""
NAMES = {"auth_mode": "", "kind": "", "type": "", "status": "", "cloud": "cloud ", "market": "market "}


def roles_of(kind: TenantKind) -> tuple[str, ...]:
    """The roles that somebody of a kind of tenant can have."""
    return tuple(str(role) for role in (SystemRole if kind is TenantKind.SYSTEM else Role))


def markets_of(sources: Iterable[PolicySource]) -> tuple[str, ...]:
    """The usual market, each that one of the versions mentions, and one that none does."""
    words = {word for source in sources for rule in source.rules for word in rule.words}
    return tuple(dict.fromkeys((USUAL, *sorted(filter(MARKET.fullmatch, words)), OTHER)))


def principals(markets: Collection[str]) -> tuple[Principal, ...]:
    """One for each kind, type, status, cloud, market and mode; without roles."""
    return (*_people(TenantKind.PARTNER, markets), *_people(TenantKind.CUSTOMER, markets), *_service())


def _people(kind: TenantKind, markets: Collection[str]) -> Iterator[Principal]:
    states: Iterable[tuple[PartnerType | None, PartnerStatus | None]] = [(None, None)]
    if kind is TenantKind.PARTNER:
        states = product(PartnerType, PartnerStatus)
    for (trade, status), cloud, market, mode in product(states, Cloud, markets, AuthMode):
        yield Principal(
            tenant_id=OWN_TENANT,
            kind=kind,
            roles=(),
            cloud=cloud,
            type=trade,
            status=status,
            market=market,
            auth_mode=mode,
        )


def _service() -> Iterator[Principal]:
    for cloud in (None, *Cloud):
        yield Principal(tenant_id=OWN_TENANT, kind=TenantKind.SYSTEM, roles=(), cloud=cloud)


@dataclass(frozen=True, slots=True)
class Group:
    """Principals that are alike in all that matters: for each fact the values it may have."""

    values: tuple[tuple[str, frozenset[str | None]], ...]
    of: frozenset[str]
    """The facts that matter: in all others every value is among them."""

    def __str__(self) -> str:
        """Such as `indirect_reseller, active or restricted, market US`."""
        said = [
            NAMES[name] + " or ".join(sorted(map(_word, values)))
            for name, values in self.values
            if name in self.of and not (name == "kind" and "type" in self.of)
        ]
        return ", ".join(said) or "anybody"


def _word(value: str | None) -> str:
    """As it is told; whatever no version mentions is told as any other."""
    return "any other" if value == OTHER else value or "none"


def compressed(found: Iterable[Principal], everybody: Iterable[Principal]) -> tuple[Group, ...]:
    """The fewest words for some of all principals: exact, whichever of them they are."""
    whole = [_facts(each) for each in everybody]
    boxes = {tuple(frozenset({value}) for value in _facts(each)) for each in found}
    for position in range(len(SHAPE) - 1, -1, -1):
        boxes = _joined(boxes, position)
    return tuple(sorted((_named(box, whole) for box in boxes), key=str))


Facts = tuple[str | None, ...]
Box = tuple[frozenset[str | None], ...]


def _facts(principal: Principal) -> Facts:
    return tuple(
        None if value is None else str(value) for value in (getattr(principal, name) for name in SHAPE)
    )


def _joined(boxes: set[Box], position: int) -> set[Box]:
    """Boxes that are alike but for one fact, as one."""
    alike: dict[Box, frozenset[str | None]] = {}
    for box in boxes:
        rest = (*box[:position], *box[position + 1 :])
        alike[rest] = alike.get(rest, frozenset()) | box[position]
    return {(*rest[:position], values, *rest[position:]) for rest, values in alike.items()}


def _named(box: Box, whole: list[Facts]) -> Group:
    """A fact matters if somebody else is like these but for it."""
    matters = set()
    for position, name in enumerate(SHAPE):
        possible = {
            facts[position]
            for facts in whole
            if all(facts[other] in box[other] for other in range(len(SHAPE)) if other != position)
        }
        if not possible <= box[position]:
            matters.add(name)
    kinds = box[SHAPE.index("kind")]
    if {facts[0] for facts in whole} - kinds:
        matters.add("kind")
    if len(kinds) == 1 and kinds <= {"customer", "system"}:
        matters -= {"type", "status"}
    return Group(tuple(zip(SHAPE, box, strict=True)), frozenset(matters))
