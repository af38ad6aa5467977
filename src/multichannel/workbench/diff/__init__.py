"""Compares two versions of a policy by their decisions: who may do what, before and after.

`differ` compares, `model_finder` finds example records, `report` and `wording` render, `violations` checks
invariants. Imports `policy` and `store`. Start with `differ.py`.
"""
