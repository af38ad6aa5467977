"""The running service: application, workers, health, metrics, background jobs."""
