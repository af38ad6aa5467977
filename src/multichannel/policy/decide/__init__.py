"""Decisions: predicates from the policy, as SQL for lists and evaluated on facts for single records."""
