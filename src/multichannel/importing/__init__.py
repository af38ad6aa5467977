"""Reads Partner Center exports: JSON files to typed facts, and the report on an import.

Start with `export.py` (several files as one export), then `payloads.py` (one resource) and `field_mapping.py`
(one field). Imports `domain` and `errors`; `services/imports` stores the facts.
"""
