"""The matrix of a policy: which role at which standing is granted which action.

`matrix` builds it; `html`, `markdown` and `tables` render it. Imports `policy` and `domain`. Start with
`matrix.py`.
"""
