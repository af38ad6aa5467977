"""The policy language: source files, parser, syntax tree.

`source` holds the files and their statements, `parser` makes `ast` trees, `types` infers what terms stand
for, `vocabulary_check` reports unknown words. Imports `schema`. Start with `source.py`.
"""
