"""What the domain refuses, for `with` statements."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from multichannel.domain.refusals import Refusal
from multichannel.errors import Refused


@contextmanager
def refuses(refusal: Refusal, *, match: str | None = None) -> Iterator[pytest.ExceptionInfo[Refused]]:
    """The body is refused with this code, and its message matches."""
    with pytest.raises(Refused, match=match) as refused:
        yield refused
    assert refused.value.code == refusal.code
