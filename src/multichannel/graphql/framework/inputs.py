"""Inputs of mutations: what all of them have, and how their values are checked."""

from __future__ import annotations

import hashlib
import re
from dataclasses import asdict
from typing import Any

import orjson
import strawberry

from multichannel.errors import BadInput
from multichannel.graphql.framework.fields import camel
from multichannel.store.audit.mutation_context import Once

LONGEST_TEXT, LONGEST_KEY = 512, 255
GUID_FORM = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
EMAIL_FORM = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
DOMAIN_FORM = re.compile(r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}", re.IGNORECASE)


@strawberry.input(description="What every mutation takes.")
class MutationInput:
    """The part that all inputs share."""

    idempotency_key: str | None = strawberry.field(
        default=None,
        description="A key of your choice, 1 to 255 characters, for this one thing you do. The same key and "
        "input again do nothing and give the first outcome; kept for at least 7 days.",
    )


def once_of(input: MutationInput) -> Once | None:
    """The idempotency key of an input with the digest of all else in it; BadInput if the key is none."""
    key = input.idempotency_key
    if key is None:
        return None
    if not 1 <= len(key) <= LONGEST_KEY or not key.isprintable():
        raise BadInput(f"input.idempotencyKey must have 1 to {LONGEST_KEY} printable characters.")
    told = {name: value for name, value in asdict(input).items() if value is not strawberry.UNSET}
    told.pop("idempotency_key")
    text = orjson.dumps(told, option=orjson.OPT_SORT_KEYS, default=str)
    return Once(key, hashlib.sha256(text).hexdigest())


def text_of(name: str, value: str, *, longest: int = LONGEST_TEXT) -> str:
    """A text that can be stored, without blanks around it; BadInput says what is wrong with it."""
    if not value.strip() or len(value) > longest or not value.isprintable():
        raise BadInput(f"input.{camel(name)} must have 1 to {longest} printable characters, not all blank.")
    return value.strip()


def guid_of(name: str, value: str) -> str:
    """A GUID in its canonical form; BadInput if it is none."""
    if not GUID_FORM.fullmatch(value):
        raise BadInput(f"input.{camel(name)} is not a GUID such as 3f2504e0-4f89-11d3-9a0c-0305e82c3301.")
    return value.lower()


def domain_of(name: str, value: str) -> str:
    """A domain name in lower case; BadInput if it is none."""
    if not DOMAIN_FORM.fullmatch(value):
        raise BadInput(f"input.{camel(name)} is not a domain name such as meadow.example.")
    return value.lower()


def email_of(name: str, value: str) -> str:
    """An e-mail address; BadInput if it is none."""
    if not EMAIL_FORM.fullmatch(text_of(name, value)):
        raise BadInput(f"input.{camel(name)} is not an e-mail address.")
    return value


def given(value: Any) -> bool:
    """Whether a client gave a value, were it null."""
    return value is not strawberry.UNSET
