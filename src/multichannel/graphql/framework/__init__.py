"""How types, fields, filters, connections and mutations are declared and resolved.

`fields` declares types, `mutation` declares mutations, `resolvers` and `connections` answer them; only
`strawberry_types` uses Strawberry's internals. Imports `store`, `policy` and `domain`. Start with
`fields.py`.
"""
