"""The matrix of a policy: role, standing and action."""
