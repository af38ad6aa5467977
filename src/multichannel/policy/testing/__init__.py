"""Policy cases: fixtures and expectations in YAML."""
