"""Reason codes of restrictions: in capitals, and each with one spelling."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from difflib import get_close_matches

from multichannel.policy.language.ast import Literal, Term
from multichannel.policy.language.source import Rule
from multichannel.workbench.check.codes import finding
from multichannel.workbench.findings import Finding

CODE = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*")
SIMILAR = 0.9
"""How similar two codes are that may be one code, misspelt."""


def check_reason_codes(rules: Iterable[Rule]) -> Iterator[Finding]:
    """Invalid codes, and codes that are used once and resemble another."""
    restrictions = [rule for rule in rules if rule.is_verdict and rule.name == "forbid"]
    used: dict[str, list[Rule]] = defaultdict(list)
    for rule in restrictions:
        term = rule.tree.parameters[0].term
        if isinstance(term, Literal) and isinstance(term.value, str) and CODE.fullmatch(term.value):
            used[term.value].append(rule)
        else:
            message = "the reason code must be a string in capitals"
            hint = f"Such as {_capitals(term)}."
            yield finding(rule, "reason-code", term.span, message, hint)
    for code, users in used.items():
        others = [other for other in used if other != code and len(used[other]) >= len(users)]
        near = get_close_matches(code, others, n=1, cutoff=SIMILAR)
        if len(users) == 1 and near:
            message = f"{code} is used only here and resembles {near[0]}"
            hint = f"Did you mean {near[0]}?"
            yield finding(users[0], "similar-code", users[0].tree.parameters[0].span, message, hint)


def _capitals(term: Term) -> str:
    code = re.sub(r"\W+|_+", "_", str(term.value)).strip("_").upper() if isinstance(term, Literal) else ""
    return f'"{code}"' if CODE.fullmatch(code) else '"DIFFERENT_MARKET"'
