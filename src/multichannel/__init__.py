"""The Multichannel service: one GraphQL API for partners and customers, decided by a policy.

`server` and `graphql` take requests, `services` has the use cases, `store` the database, `policy` the
decisions, `domain` the business rules. Packages import downwards only, see `[tool.importlinter]` in
pyproject.toml. Start reading in `server/app.py`.
"""
