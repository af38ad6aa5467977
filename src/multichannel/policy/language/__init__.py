"""The policy language: source files, parser, syntax tree."""
