"""The words of grants: a misspelt role, standing or action grants nothing, and nobody would notice."""

from __future__ import annotations

import re
from difflib import get_close_matches

from multichannel.domain.users import Role
from multichannel.errors import PolicyInvalid
from multichannel.policy.source import PolicySource
from multichannel.policy.vocabulary import Action, SystemRole

STANDING = re.compile(r'has_standing\([^,]+,\s*"(\w+)"')


def check_words(source: PolicySource) -> None:
    """Refuse a grant that mentions a word which is no role, no action and no standing of this policy."""
    standings = {found[1] for rule in source.rules if (found := STANDING.match(rule.text))}
    known = {*map(str, Role), *map(str, SystemRole), *map(str, Action), *standings}
    for rule in source.rules:
        if rule.name == "grant":
            for word in sorted(rule.words - known):
                near = get_close_matches(word, sorted(known), n=1)
                meant = f" Did you mean {near[0]}?" if near else ""
                raise PolicyInvalid(f'{rule.position}: "{word}" is no role, action or standing.{meant}')
