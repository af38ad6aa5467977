"""Fields that several types share."""

from __future__ import annotations

from multichannel.graphql.framework.fields import Column
from multichannel.policy.schema.vocabulary import Action

ALIAS = Column(
    "Your company's own name for it, which nobody else sees.",
    Action.READ_SUMMARY,
    filter=True,
    order=True,
    search=True,
)
TAGS = Column(
    "Your company's own tags, which nobody else sees; null if it has set none.",
    Action.READ_SUMMARY,
    filter=True,
)
CREATED_AT = Column("When the record was created in this service.", Action.READ, filter=True, order=True)
UPDATED_AT = Column("When the record last changed in this service.", Action.READ, filter=True, order=True)


def version(read: Action = Action.READ, *, expected: bool = False) -> Column:
    """The version of a record; `expected` where mutations take it as `expectedVersion`."""
    use = " Pass it as `expectedVersion` to change the record as you read it." if expected else ""
    return Column(f"The version of the record; each change increments it.{use}", read)
