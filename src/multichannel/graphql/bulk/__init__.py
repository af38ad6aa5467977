"""Bulk work outside of one request: items as JSON or as rows of a table, and what came of them as JSON.

Imports `framework` and `execution`. Start with `items.py`.
"""
