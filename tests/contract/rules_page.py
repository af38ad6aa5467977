"""The table of business rules in `docs/rules.md`, made from the glossary, the code and the marks of tests.

`python -m tests.contract.rules_page` writes it. A test names the rules that it proves with
`@pytest.mark.rule("R17")`.
"""

from __future__ import annotations

import ast
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
TESTS = ROOT / "tests"
PAGE = ROOT / "docs" / "rules.md"
GLOSSARY = ROOT / "docs" / "glossary.md"
BEGIN, END = "<!-- rules: begin -->\n", "<!-- rules: end -->\n"
NOT_APPLICABLE = "Not applicable: "
PLACES = 3
"""How many files are named for a rule: those that mention it most, policies first."""


def sentences() -> dict[str, str]:
    """Every business rule with its sentence, from the glossary."""
    return dict(re.findall(r"^\| (R\d+) \| (.+?) \|$", GLOSSARY.read_text("utf-8"), re.MULTILINE))


def proofs() -> dict[str, list[str]]:
    """The tests marked with each rule, as `file::name` below tests/."""
    found = defaultdict(list)
    for path in sorted(TESTS.rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef):
                for rule in _marked(node):
                    found[rule].append(f"{path.relative_to(TESTS)}::{node.name}")
    return dict(found)


def _marked(test: ast.FunctionDef) -> Iterator[str]:
    for each in test.decorator_list:
        if isinstance(each, ast.Call) and ast.unparse(each.func) == "pytest.mark.rule":
            yield from (str(ast.literal_eval(argument)) for argument in each.args)


def places() -> dict[str, list[str]]:
    """The files that mention each rule most: policies, then domain, services and the rest."""
    package = ROOT / "src" / "multichannel"
    files = [*sorted((ROOT / "policies").glob("*.polar")), *sorted(package.rglob("*.py"))]
    mentions: defaultdict[str, Counter[Path]] = defaultdict(Counter)
    for path in files:
        for rule in re.findall(r"\bR\d+\b", path.read_text("utf-8")):
            mentions[rule][path] += 1
    return {rule: _most_important(counted, package) for rule, counted in mentions.items()}


def _most_important(counted: Counter[Path], package: Path) -> list[str]:
    def rank(path: Path) -> tuple[int, int, str]:
        layers = ("policies", "domain", "services")
        layer = path.parent.name if path.suffix == ".polar" else path.relative_to(package).parts[0]
        return (layers.index(layer) if layer in layers else len(layers), -counted[path], str(path))

    chosen = sorted(counted, key=rank)[:PLACES]
    return [path.name if path.suffix == ".polar" else str(path.relative_to(package)) for path in chosen]


def table() -> str:
    """The table of business rules in Markdown."""
    where, proved = places(), proofs()
    lines = ["| rule | meaning | where | proof |", "|---|---|---|---|"]
    for rule, sentence in sentences().items():
        files = (
            ", ".join(f"`{file}`" for file in where.get(rule, ())) if NOT_APPLICABLE not in sentence else "-"
        )
        tests = "<br>".join(f"`{test}`" for test in proved.get(rule, ())) or "-"
        lines.append(f"| {rule} | {sentence} | {files} | {tests} |")
    return "\n".join(lines) + "\n"


def page() -> str:
    """The whole page, with the table renewed."""
    before, _, rest = PAGE.read_text("utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    return before + BEGIN + table() + END + after


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
