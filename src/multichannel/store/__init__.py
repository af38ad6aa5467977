"""The database under the policy: no row is read or written without a decision.

`store.Store` opens transactions and hands out a `unit_of_work.UnitOfWork`; start reading there. `session`
refuses statements that carry no decision, `access` holds what decides them. `read` has lists and records,
`write` rows fetched for an action, `audit` the audit log, `operator_access` the reads of operators,
`migrations` the schema. The store imports `policy`, `domain` and `decision_log`.
"""
