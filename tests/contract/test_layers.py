from __future__ import annotations

from pathlib import Path

import pytest

import multichannel
from tests.contract.layers import MAY_IMPORT, violations

PACKAGE = Path(multichannel.__file__).parent


def test_imports_point_to_the_right_and_down() -> None:
    assert [str(violation) for violation in violations(PACKAGE)] == []


def test_every_layer_of_the_table_exists() -> None:
    layers = {path.stem for path in PACKAGE.iterdir()}
    assert sorted(set(MAY_IMPORT) - layers) == []


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("domain/customers.py", "from multichannel.store import work", "domain may import"),
        (
            "domain/customers.py",
            "def f():\n    import multichannel.policy.policy",
            "domain may import",
        ),
        ("domain/customers.py", "from sqlalchemy.orm import Session", "only store holds a session"),
        (
            "policy/cases.py",
            "from multichannel.store.facts import facts_of",
            "policy may import domain",
        ),
        (
            "store/work.py",
            "from multichannel.services import customers",
            "store may import domain",
        ),
        ("store/work.py", "from ..services import customers", "store may import domain"),
        ("store/migrations/env.py", "import oso", "only policy imports oso"),
        ("services/customers.py", "from polar import Variable", "only policy imports polar"),
        ("services/customers.py", "from _polar_lib import lib", "only policy imports _polar_lib"),
        (
            "services/customers.py",
            "from sqlalchemy import create_engine",
            "only store holds a session",
        ),
        ("services/customers.py", "from multichannel.graphql import scalars", "nothing imports graphql"),
        ("demo/world.py", "from multichannel.graphql.scalars import X", "nothing imports graphql"),
        ("graphql/customers.py", "import psycopg", "only store imports psycopg"),
        ("graphql/customers.py", "from sqlalchemy.engine import Connection", "only store holds a session"),
        ("identity/keys.py", "from multichannel import store", "identity may import errors"),
    ],
)
def test_a_planted_violation_is_found_with_its_line_and_what_to_write(
    tmp_path: Path, file: str, text: str, message: str
) -> None:
    planted = tmp_path / "multichannel" / file
    planted.parent.mkdir(parents=True)
    planted.write_text(f'"""A module."""\n\n{text}\n')
    (found,) = violations(tmp_path / "multichannel")
    line = 4 if text.startswith("def") else 3
    assert str(found).startswith(f"multichannel/{file}:{line}: imports ")
    assert message in str(found)
    assert found.instead in str(found)


def test_imports_that_the_table_has_are_not_reported(tmp_path: Path) -> None:
    allowed = tmp_path / "multichannel" / "store" / "work.py"
    allowed.parent.mkdir(parents=True)
    allowed.write_text(
        "from sqlalchemy import create_engine\nfrom sqlalchemy.orm import Session\nimport psycopg\n"
        "from multichannel.policy import policy\nfrom multichannel.domain.customers import Customer\n"
        "from . import session\nfrom .session import GuardedSession\nfrom .. import errors\n"
    )
    assert violations(tmp_path / "multichannel") == []
