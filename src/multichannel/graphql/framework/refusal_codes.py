"""GraphQL enums of the codes of refusals."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from multichannel.domain.refusals import Refusal
from multichannel.graphql.framework.strawberry_types import register_enum


def refusal_codes(name: str, description: str, refusals: Iterable[Refusal]) -> None:
    """Make and register an enum with one value for each refusal, described by its message."""
    codes = StrEnum(name, {refusal.code: refusal.code for refusal in refusals})  # type: ignore[misc]  # the names are data
    register_enum(codes, description, {code.name: Refusal[code.name].message for code in codes})
