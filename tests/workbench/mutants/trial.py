"""Trying faulty policies: what notices one, its loading or a case, and which faults are none."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from multichannel.errors import PolicyInvalid
from multichannel.policy.decide.derivations import Derivations
from multichannel.policy.decide.oso_engine import Engine, PolicyFault
from multichannel.policy.decide.policy import Policy, Verdict
from multichannel.policy.language.source import PolicySource
from multichannel.policy.schema.resources import RESOURCES
from multichannel.policy.testing.cases import Case, ExpectationResult, expectation_results
from tests.workbench.mutants.meaning import same
from tests.workbench.mutants.mutant import Mutant

LOADING = "loading"
NO_FAULT = "no fault"
"""Proved to change no verdict."""


class Trial:
    """The cases that faulty policies are held against."""

    def __init__(self, cases: Iterable[Case]) -> None:
        """Cases of one kind of record are tried alone where a fault can matter to no other."""
        self._cases = tuple(cases)
        self._about: dict[str, list[Case]] = defaultdict(list)
        for case in self._cases:
            self._about[case.resource.name].append(case)

    def caught(self, mutant: Mutant) -> str | None:
        """What notices the fault: LOADING, a case by file and line, NO_FAULT; or None, nothing."""
        if mutant.kind is None:
            return self._anywhere(mutant.source)
        found = self._at_once(mutant.source, mutant.kind)
        if found is None and same(mutant.kind, mutant.policy, mutant.source):
            return NO_FAULT
        return found or self._wholly(mutant.source, self._about[mutant.kind])

    def fails(self, source: PolicySource, file: str) -> bool:
        """Whether a case fails where one file says something else; not where the policy itself does."""
        try:
            kinds = {rule.about for rule in source.rules if rule.file == file and rule.is_rule}
            kind = kinds.pop() if len(kinds) == 1 else None
            found = self._at_once(source, kind) if kind else self._anywhere(source)
        except (PolicyFault, PolicyInvalid):
            return False
        return found not in {None, LOADING}

    def allowed(self, source: PolicySource, kind: str) -> list[bool]:
        """What a policy allows of all that cases about a kind of record ask."""
        policy = Policy(source)
        return [outcome.verdict.allowed for outcome in expectation_results(policy, self._about[kind])]

    def _anywhere(self, source: PolicySource) -> str | None:
        """The same for a fault that matters to every kind of record, and may make rules that never end."""
        try:
            return self._wholly(source, self._cases)
        except PolicyFault:
            return LOADING

    def _wholly(self, source: PolicySource, cases: Iterable[Case]) -> str | None:
        try:
            policy = Policy(source)
        except PolicyInvalid:
            return LOADING
        unmet = next((outcome for outcome in expectation_results(policy, cases) if not outcome.is_met), None)
        return unmet.expectation.case.position if unmet else None

    def _at_once(self, source: PolicySource, kind: str) -> str | None:
        """The same without the proof that the policy can be asked for lists, which takes most of the time.

        What has caught one fault is tried first on the next, which is most often like it.
        """
        try:
            derivations = Derivations(Engine(source))
            if not derivations.is_joined(RESOURCES[kind]):
                return None
        except (PolicyFault, PolicyInvalid):  # a fault may make rules that ask for themselves and never end
            return LOADING
        cases = self._about[kind]
        try:
            unmet = next((case for case in cases if not _holds(derivations, case)), None)
        except PolicyFault:  # a condition is left on a variable that nothing binds any more
            return LOADING
        if unmet is None:
            return None
        cases.remove(unmet)
        cases.insert(0, unmet)
        return unmet.position


def _holds(derivations: Derivations, case: Case) -> bool:
    """Whether all that the case expects comes out."""
    expectations = tuple(case.expectations())
    roles = dict.fromkeys(expectation.principal.roles for expectation in expectations)
    said = derivations.verdicts(case.principal, case.resource, case.record, roles)
    return all(
        ExpectationResult(each, _verdict(*said[each.principal.roles][each.action])).is_met
        for each in expectations
    )


def _verdict(granted: bool, reasons: tuple[str, ...]) -> Verdict:  # noqa: FBT001  (as the parts say it)
    return Verdict(granted and not reasons, reasons)
