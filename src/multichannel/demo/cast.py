"""The organisations and personas of the demo world, read from `world.yaml`.

`multichannel token` needs no more than these, so this module imports no model: a status, a type, a cloud or a
role is the word of the domain's enum, and `world.py` turns it into a member.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from uuid import NAMESPACE_DNS, uuid5

import yaml

from multichannel.errors import BadInput

WORLD: Final[Any] = yaml.load((Path(__file__).parent / "world.yaml").read_text("utf-8"), yaml.CSafeLoader)

ADMINISTRATOR: Final = "administrator"
"""The duty of a newcomer."""


def fixed_id(name: str) -> str:
    """The id of `name`, equal in every demo world: the version 5 UUID of `<name>.example`."""
    return str(uuid5(NAMESPACE_DNS, f"{name}.example"))


@dataclass(frozen=True, kw_only=True)
class Organisation:
    """A company of the demo world; one without a partner type is a customer."""

    name: str
    partner_type: str | None = None
    status: str = "active"
    cloud: str = "public"
    partner_number: str | None = None

    @property
    def key(self) -> str:
        """The word that names it in `world.yaml`, and the prefix of its personas' names."""
        return self.name.split()[0].lower()

    @property
    def id(self) -> str:
        """The tenant id."""
        return fixed_id(self.key)

    @property
    def domain(self) -> str:
        """The domain that its directory has verified."""
        return f"{self.key}.example"


ORGANISATIONS: Final = tuple(Organisation(**each) for each in WORLD["organisations"])
ALDER, BIRCH, LINDEN, CEDAR, DOGWOOD, HAZEL, WILLOW, LAUREL = ORGANISATIONS[:8]
MEADOW, CANYON, QUARRY, THISTLE, EMBER, SUMMIT, PRAIRIE = ORGANISATIONS[8:]
BY_KEY: Final = {each.key: each for each in ORGANISATIONS}
INVITED: Final = tuple(Organisation(**each) for each in WORLD["newcomers"])
"""Organisations that the service does not know until their administrators sign in by an invitation."""


@dataclass(frozen=True)
class Persona:
    """A demo user: an organisation with any number of roles, and its duty there."""

    organisation: Organisation
    roles: tuple[str, ...]
    duty: str

    @property
    def name(self) -> str:
        """The name for the command line, such as `alder-sales-agent`."""
        return f"{self.organisation.key}-{self.duty.replace(' ', '-')}"

    @property
    def title(self) -> str:
        """The name for people, such as `Alder, sales agent`."""
        return f"{self.organisation.name}, {self.duty}"

    @property
    def id(self) -> str:
        """The object id in the organisation's tenant."""
        return fixed_id(f"{self.duty.replace(' ', '-')}.{self.organisation.key}")

    @property
    def administers(self) -> bool:
        """Whether it is a global administrator of the directory, which is not the role of that name here."""
        return "global_admin" in self.roles or self.duty == ADMINISTRATOR

    def as_json(self) -> dict[str, object]:
        """The persona as `multichannel token --list --json` prints it."""
        return {"persona": self.name, "tenant": self.organisation.name, "roles": list(self.roles)}


def _persona(organisation: str, roles: tuple[str, ...] = (), duty: str = "") -> Persona:
    return Persona(BY_KEY[organisation], tuple(roles), duty or roles[0].replace("_", " "))


PERSONAS: Final = tuple(_persona(**each) for each in WORLD["personas"])
"""The users of the demo world."""
NEWCOMERS: Final = tuple(Persona(each, (), ADMINISTRATOR) for each in INVITED)
"""Administrators of directories that the service does not know, who become users by redeeming a link."""


def find_persona(name: str) -> Persona:
    """The persona of that name; BadInput with similar names if there is none."""
    personas = {persona.name: persona for persona in (*PERSONAS, *NEWCOMERS)}
    if name in personas:
        return personas[name]
    close = difflib.get_close_matches(name.lower(), personas, cutoff=0.5)
    hint = f"Did you mean {' or '.join(close)}?" if close else "List them: multichannel token --list"
    raise BadInput(f"Unknown persona {name!r}. {hint}")
