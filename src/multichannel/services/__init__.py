"""The use cases, one function each: load a row for an action, change it, return it.

Each runs in one transaction of `store`; `domain` has the rules. Imports `store`, `policy` and `domain`;
`imports` also `importing`. Never imports `settings`, `identity` or `graphql`. Start with `transfers.py`.
"""
