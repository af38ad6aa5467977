"""The vendor's exports: read from files, understood as facts, stored as ours, and reported on."""
