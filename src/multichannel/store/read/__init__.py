"""Reads: pages, records, counts and events within what a principal may see; start with `reader`.

`query` has the terms of a query, `filters` and `ordering` translate it to SQL, `bulk_check` explains
verdicts.
"""
