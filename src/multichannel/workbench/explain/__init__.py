"""Explanations for reviewers on the command line."""
