"""Whole lists as the API answers them to a caller, for files.

`paths` finds the fields that a file has as columns, `lists` reads all pages of a list in one snapshot.
Imports `graphql.execution` and the schema. Start with `lists.py`.
"""
