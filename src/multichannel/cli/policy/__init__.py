"""`multichannel policy`: the workbench of policy reviewers, one module per command.

Start with `common.py`, the shared options and output; `workbench` does the work.
"""

from __future__ import annotations

import typer

from multichannel.cli.application import LazyGroup

_SUMMARIES = {
    "check": "Find mistakes in policy files.",
    "test": "Run the test cases of a policy, hold its invariants, and report what has no case.",
    "explain": "Explain a decision: matching rules, conditions and values.",
    "who-can": "List whose people may do something with a record.",
    "what-can": "List what a principal may do, and with which records.",
    "coverage": "Measure which rules and conditions the test cases cover.",
    "matrix": "Print which role at which standing is granted which action.",
    "diff": "Compare the decisions of two versions of a policy.",
    "replay": "Replay logged decisions under a candidate policy.",
    "rollback": "Reactivate an earlier policy version.",
}


class PolicyCommands(LazyGroup):
    """The subcommands of `multichannel policy`."""

    summaries = {  # noqa: RUF012  (declared as a class variable above)
        name: ("multichannel.cli.policy.{0}:{0}".format(name.replace("-", "_")), line)
        for name, line in _SUMMARIES.items()
    }


app = typer.Typer(cls=PolicyCommands, no_args_is_help=True)


@app.callback()
def policy() -> None:
    """Check, test, explain and compare policies."""
