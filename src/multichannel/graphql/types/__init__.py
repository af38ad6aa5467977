"""The types of the schema, one module per noun, and the root types."""
