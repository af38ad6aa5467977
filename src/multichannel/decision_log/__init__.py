"""The decision log: what the policy decided, encoded as JSON lines by a background thread.

`decisions` has the types, and reads logs; start there. `encoding` makes lines, `log_file` writes them. The
package imports `policy` and `domain`.
"""
