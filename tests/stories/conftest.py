from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from multichannel.demo.issuer import DemoIssuer
from multichannel.policy.decide.policy import Policy
from tests.stories.telling import Story, told


@pytest.fixture(scope="session")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> DemoIssuer:
    """Who signs the tokens of all stories."""
    return DemoIssuer(tmp_path_factory.mktemp("issuer"))


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.long)])
def story(
    request: pytest.FixtureRequest, tmp_path: Path, issuer: DemoIssuer, shipped_policy: Policy
) -> Iterator[Story]:
    """The demo over HTTP on a database of the test's own; PostgreSQL is for the long tests."""
    template: str = request.getfixturevalue(f"{request.param}_world")
    with told(template, tmp_path, issuer, shipped_policy) as begun:
        yield begun
