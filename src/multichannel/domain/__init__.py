"""The business: mapped classes, state machines and guards, with no session and no I/O."""
