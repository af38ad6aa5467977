"""Measures which rules and conditions of a policy the test cases exercise.

`instrumentation` marks rules, `coverage` runs the cases, `html` and `lcov` render. Imports `policy` and, for
instrumentation, Oso's parser package `polar`. Start with `coverage.py`.
"""
