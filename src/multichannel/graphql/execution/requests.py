"""GraphQL over HTTP: what a request says, and which media type its answer has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

JSON, GRAPHQL = "application/json", "application/graphql-response+json"
EVENTS = "text/event-stream"


@dataclass(frozen=True, slots=True)
class GraphQLRequest:
    """An operation to execute."""

    query: str
    variables: dict[str, Any] | None
    operation_name: str | None


class Malformed(Exception):
    """A request that is none; `status` is the HTTP status to say so with."""

    def __init__(self, status: int, message: str, headers: Mapping[str, str] | None = None) -> None:
        """Keep what to answer."""
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = dict(headers or {})


def read_body(body: bytes) -> GraphQLRequest:
    """The request of a POST body; Malformed tells what is wrong with it."""
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Malformed(400, f"The body is not JSON: {error}.") from None
    if not isinstance(found, dict):
        raise Malformed(400, "The body must be a JSON object with `query`; batches are not answered.")
    return read_request(found)


def read_parameters(parameters: Mapping[str, str]) -> GraphQLRequest:
    """The request of a GET's query string; Malformed tells what is wrong with it."""
    found: dict[str, Any] = dict(parameters)
    for name in ("variables", "extensions"):
        if name in found:
            try:
                found[name] = orjson.loads(found[name])
            except orjson.JSONDecodeError as error:
                raise Malformed(400, f"`{name}` is not JSON: {error}.") from None
    return read_request(found)


def read_request(found: Mapping[str, Any]) -> GraphQLRequest:
    """The request that a JSON object holds; Malformed tells what is wrong with it."""
    query = found.get("query")
    if not isinstance(query, str):
        raise Malformed(400, "`query` must be a string that holds a GraphQL document.")
    name = found.get("operationName")
    if name is not None and not isinstance(name, str):
        raise Malformed(400, "`operationName` must be a string.")
    for field in ("variables", "extensions"):
        if found.get(field) is not None and not isinstance(found[field], dict):
            raise Malformed(400, f"`{field}` must be an object.")
    return GraphQLRequest(query, found.get("variables"), name or None)


def require_json(content_type: str | None) -> None:
    """Malformed unless the body is declared as JSON in UTF-8."""
    media, *parameters = [part.strip().lower() for part in (content_type or "").split(";")]
    charset = next(
        (item.partition("=")[2].strip('"') for item in parameters if item.startswith("charset=")), "utf-8"
    )
    if media != JSON or charset not in {"utf-8", "utf8"}:
        raise Malformed(415, "Send the request as application/json in UTF-8.", {"Accept": JSON})


def answer_type(accept: str) -> str:
    """The media type to answer with: the preferred of the three there are. Malformed when none will do."""
    ranges = _ranges(accept)
    kinds = enumerate((JSON, GRAPHQL, EVENTS))
    best = max((_quality(kind, ranges), -place, kind) for place, kind in kinds)
    if best[0][0] == 0:
        raise Malformed(406, f"Accept {GRAPHQL}, {JSON} or {EVENTS}.")
    return best[2]


def reads_events(accept: str) -> bool:
    """Whether a client says that it can read an event stream; accepting anything does not say so."""
    weight, precision = _quality(EVENTS, _ranges(accept))
    return weight > 0 and precision > 0


def _ranges(accept: str) -> list[tuple[str, float]]:
    return [_range(item) for item in (accept or "*/*").split(",") if item.strip()]


def _quality(kind: str, ranges: list[tuple[str, float]]) -> tuple[float, int]:
    """How welcome a media type is: its weight, and how precisely it was named."""
    precise = {kind: 2, kind.partition("/")[0] + "/*": 1, "*/*": 0}
    fitting = [(precise[name], weight) for name, weight in ranges if name in precise]
    if not fitting:
        return (0.0, 0)
    precision, weight = max(fitting)
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
    """Whether a browser asks for a page rather than for an answer."""
    ranges = [_range(item) for item in accept.split(",")]
    html = max((weight for name, weight in ranges if name == "text/html"), default=0.0)
    json = max((weight for name, weight in ranges if name in {JSON, GRAPHQL, EVENTS}), default=0.0)
    return html > json
