"""Writes: rows fetched for an action, and bulk writers."""
