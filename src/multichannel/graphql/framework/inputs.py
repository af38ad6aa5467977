"""Inputs of mutations: what several of them have, and the parsing of their values."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from typing import Any, TypeVar
from unicodedata import normalize

import orjson
import strawberry

from multichannel.domain.agreements import Signature
from multichannel.domain.base import GUID_FORM, is_printable, plain_name
from multichannel.domain.domains import ascii_domain
from multichannel.errors import BadInput
from multichannel.graphql.framework.fields import camel
from multichannel.graphql.framework.strawberry_types import described
from multichannel.store.audit.mutation_context import IdempotentRequest

LONGEST_TEXT, LONGEST_COMMENT, LONGEST_KEY = 512, 4000, 255
EMAIL_FORM = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
EXPECTED_VERSION = (
    "The `version` that you last read. If the record has changed since, the mutation is refused with "
    "STALE_VERSION."
)


T = TypeVar("T")


def input_type(cls: type[T]) -> type[T]:
    """Make a class an input of the schema; its docstring is the description."""
    return strawberry.input(cls, description=" ".join((cls.__doc__ or "").split()))


@strawberry.input
class MutationInput:
    """What the inputs of all mutations share."""

    idempotency_key: str | None = described(
        f"A key of your choice, 1 to {LONGEST_KEY} characters, that makes retries safe: "
        "repeating it with the same input changes nothing and returns the first outcome. Keys are kept for "
        "at least 7 days.",
        None,
    )


def parse_key(key: str) -> str:
    """An idempotency key; BadInput if it is not one."""
    if not 1 <= len(key) <= LONGEST_KEY or not key.isprintable():
        raise BadInput(f"input.idempotencyKey must have 1 to {LONGEST_KEY} printable characters.")
    return key


def idempotency_of(input: MutationInput, item_key: str | None = None) -> IdempotentRequest | None:
    """The idempotency key of an input with the digest of the rest of it; BadInput for an invalid key.

    An item of a bulk mutation that has none takes `item_key`.
    """
    key = item_key if input.idempotency_key is None else parse_key(input.idempotency_key)
    if key is None:
        return None
    values = {name: value for name, value in asdict(input).items() if is_set(value)}
    values.pop("idempotency_key")
    text = orjson.dumps(values, option=orjson.OPT_SORT_KEYS, default=str)
    return IdempotentRequest(key, hashlib.sha256(text).hexdigest())


def is_set(value: Any) -> bool:
    """Whether the client sent a value; null is one."""
    return value is not strawberry.UNSET


def is_present(value: Any) -> bool:
    """Whether the client sent a value that is not null."""
    return is_set(value) and value is not None


def parse_text(name: str, value: str, *, longest: int = LONGEST_TEXT) -> str:
    """A text that can be stored, without surrounding blanks; BadInput otherwise."""
    plain = plain_name(value)
    if plain is None or len(value) > longest:
        raise BadInput(f"input.{camel(name)} must have 1 to {longest} printable characters, not all blank.")
    return plain


def parse_lines(name: str, value: str) -> str:
    """A text of one or several lines, without surrounding blanks; BadInput otherwise."""
    text = normalize("NFC", "\n".join(value.splitlines()).strip())
    if not text or len(text) > LONGEST_COMMENT or not all(map(_is_line, text.split("\n"))):
        raise BadInput(
            f"input.{camel(name)} must have 1 to {LONGEST_COMMENT} printable characters, not all blank."
        )
    return text


def _is_line(line: str) -> bool:
    """Whether it has only characters that people can see, or none; tabs are among them."""
    visible = line.replace("\t", " ")
    return not visible.strip(" ") or is_printable(visible)


def parse_guid(name: str, value: str) -> str:
    """A GUID in lower case; BadInput if it is not one."""
    if not GUID_FORM.fullmatch(value):
        raise BadInput(
            f"input.{camel(name)} is not a valid GUID. Example: 3f2504e0-4f89-11d3-9a0c-0305e82c3301."
        )
    return value.lower()


def parse_domain(name: str, value: str) -> str:
    """A domain name in its ASCII form; BadInput if it is not one."""
    parsed = ascii_domain(value)
    if parsed is None:
        raise BadInput(f"input.{camel(name)} is not a valid domain name. Example: meadow.example.")
    return parsed


def parse_address(name: str, value: str) -> str:
    """A tenant GUID in lower case, or a domain name in its ASCII form; BadInput if it is neither."""
    if GUID_FORM.fullmatch(value):
        return value.lower()
    try:
        return parse_domain(name, value)
    except BadInput:
        raise BadInput(f"input.{camel(name)} is neither a tenant GUID nor a domain name.") from None


def parse_email(name: str, value: str) -> str:
    """An e-mail address; BadInput if it is not one."""
    email = parse_text(name, value)
    if not EMAIL_FORM.fullmatch(email):
        raise BadInput(f"input.{camel(name)} is not a valid e-mail address.")
    return email


def optional(parse: Callable[[str, str], str], name: str, value: str | None) -> str | None:
    """What `parse` makes of a value, or None if there is none."""
    return None if value is None else parse(name, value)


@input_type
class SignerInput:
    """The person who signs the customer agreement for the customer, as of now."""

    first_name: str = described("First name of the signer.")
    last_name: str = described("Last name of the signer.")
    email: str = described("E-mail address of the signer.")
    phone_number: str | None = described("Telephone number of the signer.", None)


@input_type
class AgreementInput(SignerInput):
    """A signature of the customer agreement that was given earlier."""

    agreed_at: datetime = described("When the customer signed; must not be in the future.")


def signature_of(signer: SignerInput, agreed_at: datetime, within: str = "") -> Signature:
    """The signature to store; `within` is the path of `signer` in the input. BadInput if it is invalid."""
    return Signature(
        parse_text(f"{within}first_name", signer.first_name),
        parse_text(f"{within}last_name", signer.last_name),
        parse_email(f"{within}email", signer.email),
        optional(parse_text, f"{within}phone_number", signer.phone_number),
        agreed_at,
    )
