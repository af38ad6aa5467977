"""Faulty policies: small edits of the shipped one, each of which its cases or its check must catch."""
