"""The demo world: invented companies, personas to act as, and a token issuer on disk.

Start with `cast.py` (organisations and personas); `world.py` stores them. Imports `identity`, `policy`,
`domain` and `store`; only `server` and `cli` import it.
"""
