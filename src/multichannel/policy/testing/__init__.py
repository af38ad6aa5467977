"""Test cases of a policy: expectations in YAML, their fixtures, and how they are run.

`case_files` reads `*.cases.yaml`, `cast` the tenants, `record_builder` the records, `cases` runs them.
Imports `decide` and `schema`. Start with `cases.py`.
"""
