"""Signed checkpoints of the audit chains: they reveal a chain that was cut or rewritten up to its head.

A chain proves itself only up to its own head, which whoever can write to the database can move. A checkpoint
keeps the heads in a file outside of the database, signed with an Ed25519 key that the database does not hold.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from multichannel.domain.audit import ChainMark
from multichannel.errors import BadInput, Refused

SEAL = Field(pattern="^[0-9a-f]{64}$")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _ChainHead(_Strict):
    length: int = Field(ge=0)
    seal: str = SEAL


class _Content(_Strict):
    at: AwareDatetime
    chains: dict[str, _ChainHead]


class _File(_Strict):
    """A checkpoint as it is kept: what it says, and the signature of its canonical JSON."""

    checkpoint: _Content
    signature: str


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The heads of all chains at one time, by tenant id."""

    at: datetime
    chains: Mapping[str, ChainMark]


def sign(checkpoint: Checkpoint, pem: bytes) -> str:
    """The checkpoint as JSON, signed with a private key; BadInput for another kind of key."""
    try:
        key = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError):
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise BadInput(
            "the key must be an Ed25519 private key in PEM, unencrypted, as openssl genpkey makes it"
        )
    chains = {
        tenant_id: _ChainHead(length=mark.length, seal=mark.seal)
        for tenant_id, mark in checkpoint.chains.items()
    }
    content = _Content(at=checkpoint.at, chains=chains)
    signature = base64.b64encode(key.sign(_canonical(content))).decode()
    return _File(checkpoint=content, signature=signature).model_dump_json(indent=2) + "\n"


def read(text: bytes, pem: bytes) -> Checkpoint:
    """A signed checkpoint, verified with the public key or the private one.

    BadInput if one of the files is malformed, Refused if the signature is not of this content and key.
    """
    try:
        file = _File.model_validate_json(text)
        signature = base64.b64decode(file.signature, validate=True)
    except (ValidationError, binascii.Error):
        raise BadInput("the file is not a checkpoint of `multichannel audit checkpoint`") from None
    try:
        _public_key(pem).verify(signature, _canonical(file.checkpoint))
    except InvalidSignature:
        raise Refused("The checkpoint was changed, or was signed with another key.") from None
    chains = {tenant: ChainMark(each.length, each.seal) for tenant, each in file.checkpoint.chains.items()}
    return Checkpoint(file.checkpoint.at, chains)


def _public_key(pem: bytes) -> Ed25519PublicKey:
    """The key of a PEM file with a public key, or with the private one it belongs to."""
    for load in (load_pem_public_key, lambda data: load_pem_private_key(data, password=None).public_key()):
        try:
            key = load(pem)
        except (ValueError, TypeError):
            continue
        if isinstance(key, Ed25519PublicKey):
            return key
    raise BadInput("the key must be an Ed25519 public key in PEM, as openssl pkey -pubout prints it")


def _canonical(content: _Content) -> bytes:
    return orjson.dumps(content.model_dump(mode="json"), option=orjson.OPT_SORT_KEYS)
