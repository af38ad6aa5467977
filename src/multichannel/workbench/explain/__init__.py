"""Explanations of decisions for `multichannel policy explain`.

`targets` finds principal and record, `explanation` explains, `render_terminal` prints.
Imports `policy`, `store` and `decision_log`. Start with `explanation.py`.
"""
