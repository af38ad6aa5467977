"""The HTTP endpoint and its transports: JSON, server-sent events and WebSockets."""
