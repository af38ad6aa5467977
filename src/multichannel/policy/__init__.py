"""Policy decisions: who may do what, to which record. The only package built on Oso.

`schema` is the vocabulary, `language` parses files, `decide` decides, `explain` says why, `testing` runs
cases, `deployment` loads and reloads. Imports `domain` and `errors`. Start with `decide/policy.py`
(`Policy.check`).
"""
