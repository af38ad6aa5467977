from __future__ import annotations

from pathlib import Path

import pytest

from multichannel.policy.policy import Policy

POLICIES = Path(__file__).parents[2] / "policies"


@pytest.fixture(scope="session")
def policy() -> Policy:
    """The policy that ships."""
    return Policy.load(POLICIES)
