"""What comes of the items of bulk work."""

from __future__ import annotations

from multichannel.domain.base import DescribedEnum


class BulkItemStatus(DescribedEnum):
    """What came of an item of bulk work."""

    SUCCEEDED = "succeeded", "It was done, now or by an earlier run."
    REFUSED = "refused", "It was refused because of the state of the data."
    DENIED = "denied", "The policy denied it."
    INVALID = "invalid", "Its input is not valid."
    FAILED = "failed", "Something that the service depends on failed. It can be tried again."
