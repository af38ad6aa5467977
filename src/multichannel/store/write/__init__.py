"""Writes: `repository` fetches rows for an action, `guard_queries` serves the checks of use cases.

`owner_bulk_writer` and `tenant_directory` serve imports. Imports `domain`, `policy` and modules of `store`.
Start with `repository.py`.
"""
