"""Reads: pages, records and counts within the policy."""
