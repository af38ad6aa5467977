"""Multichannel: partners, distributors and customers share one policy-decided GraphQL service."""
