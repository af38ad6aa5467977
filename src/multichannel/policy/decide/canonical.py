"""Predicates in a canonical form, so that their digests can be compared.

Conditions are merged, ordered and bound to a principal as it suits the database. Here lists of values are
taken apart again, everything is sorted, and values get the names that a reader of the digest knows them by.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import product
from typing import Any

import orjson

from multichannel.policy.decide.conditions import Comparison, Conditions, Path, Predicate, Value
from multichannel.policy.schema.vocabulary import Action

Rename = Callable[[Value], Value]


def digest_of(predicates: Mapping[Action, Predicate], rename: Rename) -> str:
    """The SHA-256 of what each of these actions is granted by, with every value renamed."""
    form = [
        [action.value, _branches(predicate.allowed, rename), _branches(predicate.restricted, rename)]
        for action, predicate in sorted(predicates.items())
    ]
    return hashlib.sha256(orjson.dumps(form)).hexdigest()


def _branches(branches: Iterable[Conditions], rename: Rename) -> list[Any]:
    atoms = {orjson.dumps(atom) for branch in branches for atom in _atoms(branch, rename)}
    return [orjson.loads(atom) for atom in sorted(atoms)]


def _atoms(branch: Conditions, rename: Rename) -> Iterator[list[Any]]:
    """The branch once for every choice of one value from each of its lists."""
    members = [[member.variable, str(member.path)] for member in branch.members]
    choices = [list(_choices(comparison, rename)) for comparison in branch.comparisons]
    for chosen in product(*choices):
        yield [members, sorted(chosen, key=orjson.dumps)]


def _choices(comparison: Comparison, rename: Rename) -> Iterator[list[Any]]:
    left, right = str(comparison.left), comparison.right
    if isinstance(right, Path):
        yield [left, comparison.operator, {"fact": str(right)}]
    elif isinstance(right, tuple):
        yield from ([left, "=", rename(value)] for value in right)
    else:
        yield [left, comparison.operator, rename(right)]
