"""The results of a bulk operation as a file: a JSON object per line."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator

import orjson
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from multichannel.domain.bulk_operations import PAGE
from multichannel.errors import BadInput, Denied, MultichannelError, NotPermitted, Unauthenticated
from multichannel.graphql.framework.global_ids import read_id_of
from multichannel.identity.tokens import bearer_token
from multichannel.policy.schema.resources import BULK_OPERATION
from multichannel.policy.schema.vocabulary import Action
from multichannel.services.bulk_operations import read_results
from multichannel.store.store import Store
from multichannel.store.users import Caller

PAGES = 20
"""Read at once."""
CALLER_FAULTS = ((Unauthenticated, 401), (NotPermitted, 403), (Denied, 404), (BadInput, 400))


def results_file(
    store: Store, caller_of: Callable[[str], Caller]
) -> Callable[[Request], Awaitable[Response]]:
    """The endpoint, which answers as GraphQL does if the caller may not read the operation."""

    def content(request: Request) -> bytes:
        token = bearer_token([value for name, value in request.headers.raw if name == b"authorization"])
        if token is None:
            raise Unauthenticated("Authentication required: send a bearer token in the Authorization header.")
        caller = caller_of(token)
        row_id = read_id_of(BULK_OPERATION, request.path_params["id"])
        with store.operation(deadline=store.deadline()), store.reading(caller.principal) as work:
            operation = work.bulk_operations.read(row_id, to=Action.READ)
            lines = (
                orjson.dumps(result, option=orjson.OPT_APPEND_NEWLINE)
                for after in _starts(operation.pages_done)
                for result in read_results(work, operation, after=after, first=PAGES * PAGE)
            )
            return b"".join(lines)

    async def answer(request: Request) -> Response:
        try:
            body = await run_in_threadpool(content, request)
        except MultichannelError as error:
            status = next((each for kind, each in CALLER_FAULTS if isinstance(error, kind)), 503)
            told = {"message": error.message, "extensions": {"code": error.code}}
            return JSONResponse({"errors": [told]}, status, {"Cache-Control": "no-store"})
        return Response(body, media_type="application/jsonl", headers={"Cache-Control": "no-store"})

    return answer


def _starts(pages: int) -> Iterator[int]:
    return (page * PAGE for page in range(0, pages, PAGES))
