"""The policy workbench: what reviewers ask of policy files before they ship, offline."""
