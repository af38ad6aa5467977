"""The policy workbench: offline tools for reviewers of policy files, used by `multichannel policy`.

`check` finds mistakes, `testing.py` runs cases, `coverage`, `matrix`, `diff`, `explain`, `replay.py`,
`rollback.py` follow the commands. Imports `policy`, `decision_log`, `store` and `domain`, never `services`,
`settings` or `identity`. Start with `check`.
"""
