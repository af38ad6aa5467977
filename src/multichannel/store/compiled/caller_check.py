"""Who asks, checked in the statement that answers: a remembered sign-in is never stale.

The statement returns the facts of the token's user as a text. Unless it is the text of the caller that the
statement was made for, the answer is thrown away.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import Select, Text, case, cast, func, select

from multichannel.domain.base import Words
from multichannel.policy.schema.resources import USER
from multichannel.policy.schema.vocabulary import Action
from multichannel.store.compiled.json_text import Piece, constant, joined
from multichannel.store.users import SIGNING_IN, select_callers

if TYPE_CHECKING:
    from multichannel.policy.decide.policy import Policy
    from multichannel.store.compiled.json_text import JsonWriter
    from multichannel.store.users import Caller

FACTS = ("user_id", "tenant_id", "kind", "cloud", "type", "status")
"""The facts that are words or ids, in the order of the text."""


def select_caller_text(policy: Policy, json: JsonWriter, *, database: str) -> Select[Any]:
    """The text about the token's user, with one line for each role; NULL if there is no such active user."""
    rows = select_callers(policy.predicate(SIGNING_IN, Action.READ, USER)).subquery()
    role = func.coalesce(cast(rows.c.role, Words if database == "postgresql" else Text), constant(""))
    line = select(rows, role.label("role_text")).order_by(role).subquery()
    pieces: list[Piece] = []
    for name in FACTS:
        pieces += [func.coalesce(cast(line.c[name], Text), constant("")), "|"]
    is_new = case((line.c.is_new, constant("new")), else_=constant(""))
    market = json.column(line.c.market, Text(), nullable=True)
    text = joined([*pieces, *market.pieces, "|", is_new, "|", line.c.role_text])
    aggregate = func.string_agg if database == "postgresql" else func.group_concat
    return select(aggregate(text, constant(","))).select_from(line)


def caller_text(caller: Caller) -> bytes:
    """The same of a caller, as the database will write it."""
    principal = caller.principal
    facts = [caller.user_id, principal.tenant_id, principal.kind]
    facts += [each or "" for each in (principal.cloud, principal.type, principal.status)]
    market = orjson.dumps(principal.market).decode()
    head = "|".join([*facts, market, "new" if caller.new_domain is not None else ""])
    return ",".join(f"{head}|{role}" for role in sorted(principal.roles) or [""]).encode()
