"""The audit log: `audit_writer` appends records and events, `audit_chains` verifies and prunes the chains.

`audience` finds the tenants that learn of a change, `mutation_context` has what the records of a mutation
share; `bulk_audit` and `bulk_audience` do the same for imports. Imports `domain`, `policy` and modules of
`store`. Start with `audit_writer.py`.
"""
