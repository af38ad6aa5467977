"""Reads: pages, records, counts and events within what a principal may see; start with `reader`.

`list_query` has the data types of a list query, `filters` and `ordering` translate it to SQL, `bulk_check`
explains verdicts. Imports `policy`, `domain` and modules of `store`.
"""
