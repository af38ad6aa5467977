from __future__ import annotations

from pathlib import Path

import pytest

from multichannel.policy.decide.policy import Policy
from tests.policy.authoring import Author

POLICIES = Path(__file__).parents[2] / "policies"


@pytest.fixture(scope="session")
def policy(shipped_policy: Policy) -> Policy:
    """The policy that ships."""
    return shipped_policy


@pytest.fixture
def author(tmp_path: Path) -> Author:
    """Who edits a policy folder."""
    author = Author(tmp_path)
    author.begins()
    return author
