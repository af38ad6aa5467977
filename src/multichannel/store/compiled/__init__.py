"""One statement for an operation: the database writes the JSON text of the answer.

`selection` has the tree of what is selected, with `slots` for values. `statement` makes a statement of it
for a principal, with the policy's predicates inside (`lists`, `records`, `groups`), as `json_text` and
`sql_text` write it for each database. `caller_check` checks in the same statement who asks. `sharing` says
whose statements are the same, `runners` run them; `snapshot` does where more is read. Imports `policy`,
`domain` and `store.read`.
"""
