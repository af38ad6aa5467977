"""The current policy: versions, reload, rollback."""
