"""What a policy must prove before a service puts it in force: its cases, and what is asked beyond them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from multichannel.errors import PolicyInvalid
from multichannel.policy.decide.policy import Policy
from multichannel.policy.deployment.versions import PolicyFiles
from multichannel.policy.testing.case_files import read_cases
from multichannel.policy.testing.cases import run_cases

SHOWN_FAILURES = 3


def nothing(_folder: Path) -> tuple[str, ...]:
    """Asks for nothing beyond the cases."""
    return ()


@dataclass(frozen=True)
class Gate:
    """What a service asks of a policy folder."""

    problems: Callable[[Path], tuple[str, ...]] = nothing
    """What is wrong with a folder whose cases pass."""
    lets_pass: bool = False
    """Whether a policy with such problems is put in force all the same; one whose cases fail never is."""

    def check(self, policy: Policy, files: PolicyFiles, folder: Path) -> str:
        """PolicyInvalid with the first problems; returns them if the gate lets them pass."""
        if files.has_cases:
            _refuse([str(failed) for failed in run_cases(policy, read_cases(folder))])
        problems = self.problems(folder)
        if not self.lets_pass:
            _refuse(problems)
        return _in_short(problems)


def _refuse(problems: list[str] | tuple[str, ...]) -> None:
    if problems:
        raise PolicyInvalid(_in_short(problems))


def _in_short(problems: list[str] | tuple[str, ...]) -> str:
    shown = "; ".join(problems[:SHOWN_FAILURES])
    return f"{shown} ({len(problems)} in all)" if len(problems) > SHOWN_FAILURES else shown
