"""The running service; start with `app`, which wires it, and `run`, which serves it under uvicorn.

`health` and `metrics` are its endpoints for operators, `policy_watcher` and `expiry_job` its background
jobs, `decision_sinks` its decision log and shadow policy. `bootstrap` makes policy and store of the
settings. Only `cli` imports this package.
"""
