"""The HTTP endpoint and its transports: JSON, server-sent events and WebSockets.

`view` serves HTTP, `sse` event streams, `websocket` WebSockets; `connection_limits` bounds them. Imports
`execution` and `identity`. Start with `view.py`.
"""
