"""Identity: verifies a bearer token and returns its tenant id and object id, or raises `Unauthenticated`.

Start reading in `tokens`. `keys` holds the issuer's published keys. Imports only `errors`.
"""
