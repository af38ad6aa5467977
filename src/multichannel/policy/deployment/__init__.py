"""The policy of a running service: the current one, its stored versions, reload and rollback.

`reloader` loads a changed folder or a rollback pin, has it checked by `gate` and makes it current; `versions`
stores old versions. Imports `decide`, `testing` and `language`. Start with `reloader.py`.
"""
