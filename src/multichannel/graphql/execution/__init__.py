"""From a request to its result: parse, limit, validate, execute, stream.

`requests` reads a request, `documents` parses and validates it within `limits`, `executor` runs it,
`event_streams` serves subscriptions, `errors` makes errors JSON. Imports `store`, `policy` and the schema.
Start with `executor.py`.
"""
