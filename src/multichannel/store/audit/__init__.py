"""The audit log: records, chains, events and idempotent mutations."""
