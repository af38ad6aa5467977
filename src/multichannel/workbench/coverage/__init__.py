"""Measures which rules and conditions of a policy the test cases exercise.

`instrumentation` marks rules, `coverage` runs the cases, `html`, `notes` and `tables` render. Imports
`policy` and, for instrumentation, Oso's parser package `polar`. Start with `coverage.py`.
"""
