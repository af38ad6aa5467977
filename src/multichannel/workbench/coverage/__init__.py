"""Which rules and conditions the cases exercise."""
