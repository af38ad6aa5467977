"""The types of the schema and their fields, one module per noun, and the root types.

A field is declared with `column`, `one`, `many` or `computed` of `framework/fields.py`. Imports `framework`,
`services`, `store`, `policy` and `domain`. Start with `customers.py`; `query.py` is the root.
"""
