"""Global ids such as `customer_<uuid>`; opaque to clients."""

from __future__ import annotations

import re

from multichannel.errors import BadInput
from multichannel.policy.schema.resources import RESOURCES, Resource

FORM = re.compile(r"([a-z_]+)_([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})")
MAX_QUOTED = 80


def prefix(resource: Resource) -> str:
    """The part of an id that names its resource type."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", resource.name).lower() + "_"


PREFIXES = {prefix(resource)[:-1]: resource for resource in RESOURCES.values() if resource.model is not None}


def read_id(value: str) -> tuple[Resource, str]:
    """Decode a global id; raises BadInput."""
    match = FORM.fullmatch(value)
    if match is None or match[1] not in PREFIXES:
        quoted = value if len(value) <= MAX_QUOTED else value[:MAX_QUOTED] + "..."
        message = f"Invalid id: {quoted!r}. Pass an id returned by this API, such as customer_<uuid>."
        raise BadInput(message)
    return PREFIXES[match[1]], match[2]


def read_id_of(resource: Resource, value: str) -> str:
    """Decode a global id of this resource type; raises BadInput."""
    kind, row_id = read_id(value)
    if kind is not resource:
        message = f"{value!r} is the id of a {kind.name}; pass the id of a {resource.name}."
        raise BadInput(message)
    return row_id
