"""Loading the policy as the service does: a refusal that no finding explains becomes a finding."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from multichannel.errors import PolicyInvalid
from multichannel.policy.decide.oso_engine import Engine, PolicyFault
from multichannel.policy.decide.policy import Policy
from multichannel.policy.language.source import PolicySource, Rule
from multichannel.policy.schema.resources import RESOURCES
from multichannel.workbench.findings import Finding, Level

ENGINE_PLACE = re.compile(r"\s*at line (\d+), column (\d+) of file (\S+\.polar):?.*", re.DOTALL)
OWN_PLACE = re.compile(r"(\S+\.polar):(\d+): ")
BLOCKS = "add a resource block"
"""What the engine says, at rules about it, of a kind of record that is not declared."""
KIND = re.compile(r"\b(" + "|".join(RESOURCES) + r")\b")


def load(source: PolicySource) -> Policy | str:
    """The loaded policy, or the reason why it does not load."""
    try:
        return Policy(source)
    except PolicyInvalid as error:
        return error.message
    except PolicyFault as error:
        return str(error)
    except RecursionError:
        return "the rules query each other too deeply"


def check_loading(
    refusal: str, source: PolicySource, statements: Sequence[Rule], findings: Sequence[Finding]
) -> Iterator[Finding]:
    """A finding for a refusal, unless there is an error at the same statement."""
    message, file, line, column = _placed(refusal)
    if BLOCKS in refusal and any(found.code == "missing-resource" for found in findings):
        return
    rule = next((each for each in statements if file and _stands_at(each, file, line)), None)
    if rule is None and not file:
        rule = _about(refusal, statements)
    errors = [found for found in findings if found.level is Level.ERROR]
    if _is_reported(rule, file, errors):
        return
    yield Finding(
        file=file or (rule.file if rule else next(iter(source.texts), ("",))[0]),
        line=line if file else (rule.line if rule else 1),
        column=column if file else 1,
        code=_code(source),
        message=message,
        rule=rule.text if rule else "",
    )


def _is_reported(rule: Rule | None, file: str, errors: Sequence[Finding]) -> bool:
    if not file and errors:
        return True
    return rule is not None and any(found.rule == rule.text and found.file == rule.file for found in errors)


def _placed(refusal: str) -> tuple[str, str, int, int]:
    """The message and its position; the file is empty if it is unknown."""
    own = OWN_PLACE.search(refusal)
    if own is not None:
        return refusal[own.end() :], own[1], int(own[2]), 1
    engine = ENGINE_PLACE.search(refusal)
    if engine is not None:
        return refusal[: engine.start()], engine[3].rstrip(":"), int(engine[1]), int(engine[2])
    return refusal, "", 1, 1


def _stands_at(rule: Rule, file: str, line: int) -> bool:
    return rule.file == file and rule.line <= line <= rule.line + rule.text.count("\n")


def _about(refusal: str, statements: Sequence[Rule]) -> Rule | None:
    """The first rule about the resource type that a refusal names."""
    named = KIND.search(refusal)
    return next((each for each in statements if named and each.record_type == named[1]), None)


def _code(source: PolicySource) -> str:
    """Whether the engine refuses the policy, or its translation to list filters."""
    try:
        Engine(source)
    except PolicyInvalid:
        return "refused"
    return "no-list-filter"
