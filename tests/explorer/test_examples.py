from __future__ import annotations

from pathlib import Path

import pytest
from graphql import OperationDefinitionNode, build_schema, parse, validate

from multichannel.explorer import build

SCHEMA = Path(__file__).parents[2] / "schema.graphql"
SOURCE = (Path(build.__file__).parent / "web" / "examples.graphql").read_text()
EXAMPLES = SOURCE.strip().split("\n\n# ")


def test_examples_are_valid_in_our_schema() -> None:
    errors = validate(build_schema(SCHEMA.read_text()), parse(SOURCE))

    assert [error.message for error in errors] == []


@pytest.mark.parametrize("example", EXAMPLES, ids=[each.splitlines()[0].strip("# ") for each in EXAMPLES])
def test_each_example_has_a_title_an_explanation_and_one_operation(example: str) -> None:
    title, *lines = example.splitlines()
    (operation,) = parse(f"# {title}\n" + "\n".join(lines)).definitions

    assert title
    assert lines[0].startswith("# ")
    assert isinstance(operation, OperationDefinitionNode)
    assert operation.name is not None
