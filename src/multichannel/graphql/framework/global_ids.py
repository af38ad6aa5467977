"""Global ids: `customer_<uuid>`, readable by people and opaque to clients."""

from __future__ import annotations

import re

from multichannel.errors import BadInput
from multichannel.policy.schema.resources import RESOURCES, Resource

FORM = re.compile(r"([a-z_]+)_([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})")
LONGEST_SHOWN = 80


def prefix(resource: Resource) -> str:
    """The part of an id that tells its kind."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", resource.name).lower() + "_"


PREFIXES = {prefix(resource)[:-1]: resource for resource in RESOURCES.values() if resource.model is not None}


def read_id(value: str) -> tuple[Resource, str]:
    """The kind and row an id names; BadInput when it names none."""
    match = FORM.fullmatch(value)
    if match is None or match[1] not in PREFIXES:
        shown = value if len(value) <= LONGEST_SHOWN else value[:LONGEST_SHOWN] + "..."
        message = f"{shown!r} is not an id. Ids look like customer_<uuid>; pass one the service gave you."
        raise BadInput(message)
    return PREFIXES[match[1]], match[2]


def read_id_of(resource: Resource, value: str) -> str:
    """The row an id names, if it is of this kind; BadInput otherwise."""
    kind, row_id = read_id(value)
    if kind is not resource:
        message = f"{value!r} is the id of a {kind.name}; give one of a {resource.name}."
        raise BadInput(message)
    return row_id
