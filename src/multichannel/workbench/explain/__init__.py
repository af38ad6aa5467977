"""Explanations of decisions for `multichannel policy explain`.

`targets` finds principal and record, `explanation` explains, `render_terminal` prints, `list_sql` shows the
list filter. Imports `policy`, `store` and `decision_log`. Start with `explanation.py`.
"""
