"""Who may do what: the only package that knows the policy engine."""
