"""GraphQL over HTTP: reading requests, and negotiating the media type of responses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import orjson

JSON, GRAPHQL_RESPONSE = "application/json", "application/graphql-response+json"
EVENT_STREAM = "text/event-stream"
HEADERS_KEPT = 50
"""How many values of a header are read once only; there are a few, which clients repeat."""


@dataclass(frozen=True, slots=True)
class GraphQLRequest:
    """An operation to execute."""

    query: str
    variables: dict[str, Any] | None
    operation_name: str | None
    wants_cost: bool = False
    """Whether the response is to tell what the operation cost, as `extensions.cost`."""


class InvalidRequest(Exception):
    """The request is not a valid GraphQL request; `status` is the HTTP status of the response."""

    def __init__(self, status: int, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = dict(headers or {})


def read_body(body: bytes) -> GraphQLRequest:
    """Read a POST body; raises InvalidRequest."""
    try:
        content = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise InvalidRequest(400, f"The body is not valid JSON: {error}.") from None
    if not isinstance(content, dict):
        raise InvalidRequest(400, "The body must be a JSON object with `query`; batching is not supported.")
    return read_request(content)


def read_parameters(query: Mapping[str, str]) -> GraphQLRequest:
    """Read the query string of a GET; raises InvalidRequest."""
    content: dict[str, Any] = dict(query)
    for name in ("variables", "extensions"):
        if name in content:
            try:
                content[name] = orjson.loads(content[name])
            except orjson.JSONDecodeError as error:
                raise InvalidRequest(400, f"`{name}` is not valid JSON: {error}.") from None
    return read_request(content)


def read_request(parameters: Mapping[str, Any]) -> GraphQLRequest:
    """Read the JSON object of a request; raises InvalidRequest."""
    query = parameters.get("query")
    if not isinstance(query, str):
        raise InvalidRequest(400, "`query` must be a string containing a GraphQL document.")
    name = parameters.get("operationName")
    if name is not None and not isinstance(name, str):
        raise InvalidRequest(400, "`operationName` must be a string.")
    for field in ("variables", "extensions"):
        if parameters.get(field) is not None and not isinstance(parameters[field], dict):
            raise InvalidRequest(400, f"`{field}` must be an object.")
    wants_cost = (parameters.get("extensions") or {}).get("cost") is True
    return GraphQLRequest(query, parameters.get("variables"), name or None, wants_cost)


@lru_cache(HEADERS_KEPT)
def require_json(content_type: str | None) -> None:
    """Raise InvalidRequest unless the Content-Type is JSON in UTF-8."""
    media, *parameters = [part.strip().lower() for part in (content_type or "").split(";")]
    charset = next(
        (item.partition("=")[2].strip('"') for item in parameters if item.startswith("charset=")), "utf-8"
    )
    if media != JSON or charset not in {"utf-8", "utf8"}:
        raise InvalidRequest(415, "Content-Type must be application/json in UTF-8.", {"Accept": JSON})


@lru_cache(HEADERS_KEPT)
def negotiate_media_type(accept: str) -> str:
    """The client's preferred media type of the three supported; raises InvalidRequest if it accepts none."""
    ranges = _ranges(accept)
    kinds = enumerate((JSON, GRAPHQL_RESPONSE, EVENT_STREAM))
    best = max((_quality(kind, ranges), -place, kind) for place, kind in kinds)
    if best[0][0] == 0:
        raise InvalidRequest(
            406, f"Not acceptable. Supported media types: {GRAPHQL_RESPONSE}, {JSON}, {EVENT_STREAM}."
        )
    return best[2]


@lru_cache(HEADERS_KEPT)
def accepts_events(accept: str) -> bool:
    """Whether the client names event streams; `*/*` does not count."""
    weight, precision = _quality(EVENT_STREAM, _ranges(accept))
    return weight > 0 and precision > 0


def _ranges(accept: str) -> list[tuple[str, float]]:
    return [_range(item) for item in (accept or "*/*").split(",") if item.strip()]


def _quality(kind: str, ranges: list[tuple[str, float]]) -> tuple[float, int]:
    """The weight of a media type, and how specifically it was named."""
    precise = {kind: 2, kind.partition("/")[0] + "/*": 1, "*/*": 0}
    matching = [(precise[name], weight) for name, weight in ranges if name in precise]
    if not matching:
        return (0.0, 0)
    precision, weight = max(matching)
    return (weight, precision)


def _range(item: str) -> tuple[str, float]:
    name, *parameters = [part.strip().lower() for part in item.split(";")]
    weight = next((part[2:] for part in parameters if part.startswith("q=")), "1")
    charset = next((part.partition("=")[2] for part in parameters if part.startswith("charset=")), "utf-8")
    try:
        quality = float(weight)
    except ValueError:
        quality = 0.0
    return name, quality if charset.strip('"') in {"utf-8", "utf8"} else 0.0


def prefers_html(accept: str) -> bool:
    """Whether a browser wants a page rather than a GraphQL response."""
    ranges = [_range(item) for item in accept.split(",")]
    html = max((weight for name, weight in ranges if name == "text/html"), default=0.0)
    json = max(
        (weight for name, weight in ranges if name in {JSON, GRAPHQL_RESPONSE, EVENT_STREAM}), default=0.0
    )
    return html > json
