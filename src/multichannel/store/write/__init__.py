"""Writes: `repository` fetches rows for an action, `guard_queries` serves the checks of use cases.

`owner_bulk_writer` and `tenant_directory` serve imports.
"""
