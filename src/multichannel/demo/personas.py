"""Demo personas by name, and tokens for them."""

from __future__ import annotations

import difflib
from datetime import datetime
from pathlib import Path

from multichannel.demo.cast import PERSONAS, Persona
from multichannel.demo.issuer import FOLDER, DemoIssuer
from multichannel.errors import BadInput, Refused


class UnknownPersona(BadInput):
    """Unknown persona; the message suggests similar names."""


def find_persona(name: str) -> Persona:
    """The persona of that name, or UnknownPersona."""
    personas = {persona.name: persona for persona in PERSONAS}
    if name in personas:
        return personas[name]
    close = difflib.get_close_matches(name.lower(), personas, cutoff=0.5)
    hint = f"Did you mean {' or '.join(close)}?" if close else "List them: multichannel token --list"
    raise UnknownPersona(f"Unknown persona {name!r}. {hint}")


def existing_issuer(folder: Path = FOLDER) -> DemoIssuer:
    """The issuer of the demo in `folder`; Refused if there is no demo."""
    if not (folder / "demo-key.json").is_file():
        raise Refused(f"No demo found in {folder}/. Create one first: multichannel demo")
    return DemoIssuer(folder)


def token(issuer: DemoIssuer, persona: Persona, now: datetime) -> str:
    """A token for the persona, valid for a working day."""
    return issuer.token(persona.organisation.id, persona.id, now=now)


def list_personas() -> list[dict[str, object]]:
    """Every persona as `multichannel token --list --json` gives it."""
    return [_as_json(persona) for persona in PERSONAS]


def tokens(issuer: DemoIssuer, now: datetime) -> list[dict[str, object]]:
    """Every persona as `/demo/personas` gives it: with its title and a token."""
    return [
        {**_as_json(persona), "title": persona.title, "token": token(issuer, persona, now)}
        for persona in PERSONAS
    ]


def _as_json(persona: Persona) -> dict[str, object]:
    return {"persona": persona.name, "tenant": persona.organisation.name, "roles": list(persona.roles)}
