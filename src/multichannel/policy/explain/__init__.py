"""Explains a decision: the rules that allowed or denied it, or the nearest misses.

The engine decides; `interpreter` walks the same rules to find the values of conditions.
Imports `decide`, `language` and `schema`. Start with `explanation.py`.
"""
