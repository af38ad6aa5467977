"""The policy in force: versions, reloading, rollback."""
