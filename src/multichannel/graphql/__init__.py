"""The GraphQL API: types and mutations, their framework, execution and HTTP endpoint.

`framework` declares and resolves, `types` and `mutations` use it, `execution` runs requests, `http` serves
them. Imports `services`, `store`, `policy`, `domain` and `identity`, but not `settings` or `decision_log`;
`server` and `cli` import it. Start with `schema.py`.
"""
