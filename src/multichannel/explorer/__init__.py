"""The GraphiQL page in which people try the API, and the page of the current policy.

`page.py` serves GraphiQL, `policy_page.py` the policy; `web/` is the npm source and `build.py` builds it.
Imports `workbench` and `policy`, never `settings` or `identity`. Start with `page.py`.
"""
