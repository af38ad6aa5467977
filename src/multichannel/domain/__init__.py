"""The business rules: mapped classes, state machines and guards, without sessions or I/O.

One module per noun. `refusals.py` lists every reason why an operation is not possible; `timed_status.py`
derives statuses from time. Imports only `errors`. Start with `transfers.py`, then `refusals.py`.
"""
