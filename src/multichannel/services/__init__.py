"""Use cases: load for the action, act, return. One function each, in one transaction each."""
