from __future__ import annotations

import re
from pathlib import Path

import pytest
from graphql import OperationDefinitionNode, build_schema, parse, validate

from multichannel.demo.cast import NEWCOMERS, PERSONAS
from multichannel.explorer import build

SCHEMA = Path(__file__).parents[2] / "schema.graphql"
WEB = Path(build.__file__).parent / "web"
SOURCE, QUESTIONS = ((WEB / f"{name}.graphql").read_text() for name in ("examples", "questions"))
EXAMPLES = [each for text in (SOURCE, QUESTIONS) for each in text.strip().split("\n\n# ")]


def test_examples_are_valid_in_our_schema() -> None:
    errors = validate(build_schema(SCHEMA.read_text()), parse(f"{SOURCE}\n{QUESTIONS}"))

    assert [error.message for error in errors] == []


@pytest.mark.parametrize("example", EXAMPLES, ids=[each.splitlines()[0].strip("# ") for each in EXAMPLES])
def test_each_example_has_a_title_an_explanation_and_one_operation(example: str) -> None:
    title, *lines = example.splitlines()
    (operation,) = parse(f"# {title}\n" + "\n".join(lines)).definitions

    assert title
    assert lines[0].startswith("# ")
    assert isinstance(operation, OperationDefinitionNode)
    assert operation.name is not None


def test_the_persona_of_an_example_is_one_of_the_demo() -> None:
    named = re.findall(r"^# Persona: (.+)$", SOURCE, re.MULTILINE)

    assert named
    assert set(named) <= {persona.name for persona in (*PERSONAS, *NEWCOMERS)}


def test_an_example_that_changes_something_names_its_persona() -> None:
    """Whoever opens it can then run it as it is."""
    mutations = [each for each in EXAMPLES if "\nmutation " in each]

    assert mutations
    assert [each.splitlines()[0] for each in mutations if "\n# Persona: " not in each] == []


def test_the_explorer_fills_in_every_variable_of_an_example() -> None:
    script = (WEB / "examples.jsx").read_text()
    known = set(re.findall(r"^  (\w+): ", script.partition("const DAY")[0], re.MULTILINE))
    used = {name for each in EXAMPLES for name in re.findall(r"\$(\w+): ", each)}

    assert used == known
