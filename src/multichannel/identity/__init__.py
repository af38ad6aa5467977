"""Who asks: a bearer token in, a tenant id and an object id out, or `Unauthenticated`.

bearer        the token of a request's headers
tokens        what makes a token believable
keys          the issuer's published keys, from a file or a URL
json_object   JSON that can be read in one way only
"""

from multichannel.identity.bearer import bearer_token
from multichannel.identity.keys import KeySource
from multichannel.identity.tokens import AuthMode, Identity, TokenVerifier

__all__ = ["AuthMode", "Identity", "KeySource", "TokenVerifier", "bearer_token"]
