"""The decision log: what the policy decided, written as JSON lines by a background thread."""
