"""Decisions: predicates from the policy, as SQL for lists and evaluated on facts for single records.

`policy` is the entry, `oso_engine` the binding to Oso, `derivations` what rules derive, `to_sql` the list
filters. Imports `schema` and `language`. Start with `policy.py`.
"""
