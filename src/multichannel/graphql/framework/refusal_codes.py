"""GraphQL enums of the codes of refusals."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Any

import strawberry

from multichannel.domain.refusals import Refusal
from multichannel.graphql.framework.registry import NAMESPACE


def refusal_codes(name: str, description: str, refusals: Iterable[Refusal]) -> Any:
    """Make and register an enum with one value for each refusal, described by its message."""
    codes: Any = StrEnum(name, {refusal.code: refusal.code for refusal in refusals})  # type: ignore[misc]  # the names are data
    made: Any = strawberry.enum(codes, description=description)
    for value in made.__strawberry_definition__.values:
        value.description = Refusal[value.name].message
    NAMESPACE[name] = made
    return made
