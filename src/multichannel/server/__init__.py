"""The running service; start with `app`, which wires it, and `run`, which serves it under uvicorn.

`health` and `metrics` are its endpoints for operators, `policy_watcher` and `expiry_job` its background jobs,
`shadow_policy` a candidate to compare with. `bootstrap` builds the policy and the store from the settings.
Only `cli` imports this package. It may import every package except `cli`.
"""
