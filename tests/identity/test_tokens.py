import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from hypothesis import given, settings
from hypothesis import strategies as st

from multichannel.errors import Unauthenticated
from multichannel.identity import tokens as tokens_module
from multichannel.identity.claims import ClaimNames
from multichannel.identity.keys import KeySource
from multichannel.identity.tokens import TokenVerifier
from tests.identity.authority import (
    ABSENT,
    AUDIENCE,
    ISSUER,
    NOON,
    OTHER_TENANT,
    PERSON,
    TENANT,
    Clock,
    base64url,
    claims,
    ec_signer,
    header,
    jwks_server,
    publish,
    rsa_signer,
)

NOW = int(NOON.timestamp())
DAY = 24 * 3600
ENTRA = "https://login.microsoftonline.com/{tid}/v2.0"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def keys(tmp_path: Path, clock: Clock) -> KeySource:
    path = tmp_path / "jwks.json"
    path.write_text(json.dumps({"keys": [rsa_signer("spring").jwk, ec_signer("curve").jwk]}))
    return KeySource(str(path), clock)


@pytest.fixture
def verifier(keys: KeySource, clock: Clock) -> TokenVerifier:
    return TokenVerifier(ISSUER, AUDIENCE, keys, clock)


def signed(head: dict[str, Any] | bytes | None = None, body: dict[str, Any] | bytes | None = None) -> str:
    return rsa_signer("spring").token(header() if head is None else head, claims() if body is None else body)


def with_signature(head: dict[str, Any], signature: bytes = b"", secret: bytes | None = None) -> str:
    message = f"{base64url(json.dumps(head).encode())}.{base64url(json.dumps(claims()).encode())}"
    if secret is not None:
        signature = hmac.new(secret, message.encode(), hashlib.sha256).digest()
    return f"{message}.{base64url(signature)}"


def public_pem() -> bytes:
    return (
        rsa_signer("spring")
        .key.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )


GLOBAL_ADMIN = "62e90394-69f5-4237-9190-012177145e10"


@pytest.mark.rule("R56")
@pytest.mark.parametrize(
    ("wids", "expected"),
    [
        ([GLOBAL_ADMIN], True),
        (["other", GLOBAL_ADMIN], True),
        (GLOBAL_ADMIN, True),
        ([], False),
        (["other"], False),
        (f"{GLOBAL_ADMIN} other", False),
        ({GLOBAL_ADMIN: True}, False),
        (ABSENT, False),
    ],
)
def test_a_token_says_who_is_a_global_admin_of_the_directory(
    verifier: TokenVerifier, wids: object, *, expected: bool
) -> None:
    assert verifier.verify(signed(body=claims(wids=wids))).is_global_admin is expected


@pytest.mark.rule("R58")
@pytest.mark.parametrize(
    ("upn", "domain"),
    [
        ("ada@orchard.example", "orchard.example"),
        ("guest_other.example#EXT#@orchard.example", "orchard.example"),
        ("ada", None),
        ("@orchard.example", None),
        ("ada@", None),
        (["ada@orchard.example"], None),
        (ABSENT, None),
    ],
)
def test_a_token_names_a_domain_of_the_directory_by_the_users_principal_name(
    verifier: TokenVerifier, upn: object, domain: str | None
) -> None:
    identity = verifier.verify(signed(body=claims(upn=upn, email="ada@other.example", name=" ")))

    assert (identity.domain, identity.name) == (domain, None)


@pytest.mark.rule("R56")
def test_another_issuer_may_say_it_in_other_claims(keys: KeySource, clock: Clock) -> None:
    names = ClaimNames(admin="role", admin_value="admin", domain="login")
    verifier = TokenVerifier(ISSUER, AUDIENCE, keys, clock, claims=names)
    told = claims(role="admin", login="ada@orchard.example", wids=[], upn="x@other.example", name="Ada")

    identity = verifier.verify(signed(body=told))

    assert (identity.is_global_admin, identity.domain, identity.name) == (True, "orchard.example", "Ada")


def test_a_good_token_names_tenant_and_user(verifier: TokenVerifier) -> None:
    identity = verifier.verify(signed())

    assert (identity.tenant_id, identity.object_id, identity.auth_mode) == (TENANT, PERSON, "app_user")
    assert identity.expires_at.timestamp() == NOW + 3600


@pytest.mark.parametrize(
    ("head", "body"),
    [
        pytest.param({"typ": "at+jwt"}, {}, id="typ of RFC 9068"),
        pytest.param({"typ": "jwt"}, {}, id="typ in lower case"),
        pytest.param({"jku": "https://evil.example/keys"}, {}, id="jku is not looked at"),
        pytest.param({"jwk": rsa_signer("stray").jwk}, {}, id="jwk is not looked at"),
        pytest.param({"x5u": "https://evil.example/cert"}, {}, id="x5u is not looked at"),
        pytest.param({"nonsense": 1}, {}, id="unknown header parameter"),
        pytest.param({}, {"aud": ["api://other", AUDIENCE]}, id="one of several audiences"),
        pytest.param({}, {"nbf": ABSENT}, id="no nbf"),
        pytest.param({}, {"iat": ABSENT}, id="no iat"),
        pytest.param({}, {"iat": NOW + 0.5, "exp": NOW + 9.5}, id="fractions of a second"),
        pytest.param({}, {"exp": NOW - 59, "iat": NOW - 600}, id="expired within the leeway"),
        pytest.param({}, {"nbf": NOW + 60, "iat": NOW + 60}, id="a minute early"),
        pytest.param({}, {"exp": NOW + DAY}, id="a whole day"),
        pytest.param({}, {"idtyp": "user", "scp": "access"}, id="Entra user token"),
        pytest.param({}, {"tid": TENANT.upper(), "oid": PERSON.upper()}, id="GUIDs in upper case"),
        pytest.param({}, {"email": "someone@birch.example", "upn": 7, "roles": ["x"]}, id="e-mail and roles"),
    ],
)
def test_accepts(verifier: TokenVerifier, head: dict[str, Any], body: dict[str, Any]) -> None:
    identity = verifier.verify(signed(header(**head), claims(**body)))

    assert (identity.tenant_id, identity.object_id, identity.auth_mode) == (TENANT, PERSON, "app_user")


@pytest.mark.parametrize(
    ("head", "body", "says"),
    [
        pytest.param({"alg": "none"}, {}, "(alg)", id="alg none"),
        pytest.param({"alg": "nOnE"}, {}, "(alg)", id="alg nOnE"),
        pytest.param({"alg": "HS256"}, {}, "(alg)", id="alg HS256"),
        pytest.param({"alg": "RS512"}, {}, "(alg)", id="alg not on the list"),
        pytest.param({"alg": "ES256"}, {}, "signature", id="alg of another kind of key"),
        pytest.param({"alg": ["RS256"]}, {}, "(alg)", id="alg a list"),
        pytest.param({"alg": ABSENT}, {}, "(alg)", id="alg absent"),
        pytest.param({"typ": "JWE"}, {}, "(typ)", id="typ odd"),
        pytest.param({"typ": ABSENT}, {}, "(typ)", id="typ absent"),
        pytest.param({"typ": 1}, {}, "(typ)", id="typ a number"),
        pytest.param({"crit": ["exp"], "exp": 1}, {}, "(crit, b64)", id="crit unknown"),
        pytest.param({"crit": ["b64"], "b64": False}, {}, "(crit, b64)", id="b64 false"),
        pytest.param({"b64": False}, {}, "(crit, b64)", id="b64 false without crit"),
        pytest.param({"kid": ABSENT}, {}, "(kid)", id="kid absent"),
        pytest.param({"kid": "winter"}, {}, "(kid)", id="kid unknown"),
        pytest.param({"kid": "../../jwks.json"}, {}, "(kid)", id="kid a path"),
        pytest.param({"kid": "' OR 1=1 --"}, {}, "(kid)", id="kid SQL"),
        pytest.param({"kid": "\ud800"}, {}, "(kid)", id="kid half a character"),
        pytest.param({"kid": ["spring"]}, {}, "(kid)", id="kid a list"),
        pytest.param({"kid": "curve"}, {}, "signature", id="kid of another key"),
        pytest.param({"jku": 5}, {}, "signature", id="jku no string"),
        pytest.param({}, {"aud": "api://other"}, "(aud)", id="aud another"),
        pytest.param({}, {"aud": ABSENT}, "(aud)", id="aud absent"),
        pytest.param({}, {"aud": []}, "(aud)", id="aud empty"),
        pytest.param({}, {"aud": AUDIENCE + "/"}, "(aud)", id="aud with a suffix"),
        pytest.param({}, {"aud": AUDIENCE.upper()}, "(aud)", id="aud in upper case"),
        pytest.param({}, {"aud": [AUDIENCE, 1]}, "(aud)", id="aud not all strings"),
        pytest.param({}, {"aud": {AUDIENCE: 1}}, "(aud)", id="aud an object"),
        pytest.param({}, {"iss": ISSUER + "evil"}, "(iss)", id="iss with a suffix"),
        pytest.param({}, {"iss": ISSUER[:-1]}, "(iss)", id="iss a prefix"),
        pytest.param({}, {"iss": [ISSUER]}, "(iss)", id="iss a list"),
        pytest.param({}, {"iss": ABSENT}, "(iss)", id="iss absent"),
        pytest.param({}, {"exp": ABSENT}, "(exp)", id="exp absent"),
        pytest.param({}, {"exp": None}, "(exp)", id="exp null"),
        pytest.param({}, {"exp": str(NOW + 60)}, "(exp)", id="exp a string"),
        pytest.param({}, {"exp": True}, "(exp)", id="exp a boolean"),
        pytest.param({}, {"exp": 1e308}, "(exp)", id="exp 1e308"),
        pytest.param({}, {"exp": 10**400}, "(exp)", id="exp of 400 digits"),
        pytest.param({}, {"exp": -5}, "(exp)", id="exp negative"),
        pytest.param({}, {"exp": float("nan")}, "payload", id="exp NaN"),
        pytest.param({}, {"exp": float("inf")}, "payload", id="exp Infinity"),
        pytest.param({}, {"exp": NOW - 60, "iat": NOW - 600}, "expired", id="expired"),
        pytest.param({}, {"exp": NOW + DAY + 1}, "24 hours", id="lives too long"),
        pytest.param({}, {"exp": NOW + DAY + 9, "iat": ABSENT}, "24 hours", id="lives too long, no iat"),
        pytest.param({}, {"nbf": NOW + 61}, "(nbf)", id="nbf in the future"),
        pytest.param({}, {"nbf": "now"}, "(nbf)", id="nbf a string"),
        pytest.param({}, {"iat": NOW + 61}, "(iat)", id="iat in the future"),
        pytest.param({}, {"iat": False}, "(iat)", id="iat a boolean"),
        pytest.param({}, {"tid": ABSENT}, "(tid)", id="tid absent"),
        pytest.param({}, {"tid": "alder.example"}, "(tid)", id="tid a domain"),
        pytest.param({}, {"tid": "{" + TENANT + "}"}, "(tid)", id="tid in braces"),
        pytest.param({}, {"tid": TENANT + "\n"}, "(tid)", id="tid with a line end"),
        pytest.param({}, {"tid": [TENANT]}, "(tid)", id="tid a list"),
        pytest.param({}, {"oid": ABSENT, "email": "x@alder.example"}, "(oid)", id="oid absent, e-mail there"),
        pytest.param({}, {"oid": "admin"}, "(oid)", id="oid no GUID"),
        pytest.param({}, {"oid": 7}, "(oid)", id="oid a number"),
        pytest.param({}, {"idtyp": "device"}, "(idtyp)", id="idtyp unknown"),
        pytest.param({}, {"idtyp": ["app"]}, "(idtyp)", id="idtyp a list"),
        pytest.param({}, {"sub": 5}, "(sub)", id="sub a number"),
    ],
)
def test_refuses(verifier: TokenVerifier, head: dict[str, Any], body: dict[str, Any], says: str) -> None:
    token = signed(header(**head), claims(**body))

    with pytest.raises(Unauthenticated) as refusal:
        verifier.verify(token)

    assert says in refusal.value.message
    assert "\n" not in refusal.value.message


GOOD = signed()


@pytest.mark.parametrize(
    "token",
    [
        pytest.param("", id="empty"),
        pytest.param("garbage", id="no parts"),
        pytest.param("..", id="empty parts"),
        pytest.param(GOOD + ".x", id="four parts"),
        pytest.param(GOOD + "=", id="padding"),
        pytest.param(GOOD.rpartition(".")[0] + ".", id="signature removed"),
        pytest.param(GOOD.rpartition(".")[0] + "." + base64url(b"\0" * 256), id="signature of zeros"),
        pytest.param("é" + GOOD, id="outside ASCII"),
        pytest.param("\ud800" + GOOD, id="half a character"),
        pytest.param(with_signature(header(alg="none")), id="none without a signature"),
        pytest.param(
            with_signature(header(alg="HS256"), secret=public_pem()), id="HS256 with the public PEM"
        ),
        pytest.param(
            with_signature(header(alg="HS256"), secret=rsa_signer("spring").jwk["n"].encode()),
            id="HS256 with the modulus",
        ),
        pytest.param(rsa_signer("stray").token(header(), claims()), id="signed by somebody else"),
        pytest.param(
            rsa_signer("stray").token(header(jwk=rsa_signer("stray").jwk), claims()),
            id="signed by the key it carries",
        ),
        pytest.param(signed(b'{"alg":"none","alg":"RS256","typ":"JWT","kid":"spring"}'), id="alg twice"),
        pytest.param(signed(b"[]"), id="header a list"),
        pytest.param(signed(b"[" * 4000), id="header of brackets"),
        pytest.param(signed(None, json.dumps(claims()).encode()[:-1] + b',"oid":"x"}'), id="oid twice"),
        pytest.param(
            signed(None, b'{"a":{"b":1,"b":2},' + json.dumps(claims()).encode()[1:]), id="twice inside"
        ),
        pytest.param(signed(None, b"[1]"), id="payload a list"),
        pytest.param(signed(None, b"\xff"), id="payload no UTF-8"),
        pytest.param(signed(None, json.dumps(claims()).encode("utf-16")), id="payload UTF-16"),
        pytest.param(signed(None, b'{"a":' * 900), id="payload of brackets"),
        pytest.param(signed(None, json.dumps(claims()).encode() + b"x"), id="payload with a tail"),
    ],
)
def test_refuses_as_text(verifier: TokenVerifier, token: str) -> None:
    with pytest.raises(Unauthenticated):
        verifier.verify(token)


def test_accepts_up_to_8_kib_and_not_one_byte_more(verifier: TokenVerifier) -> None:
    longest = next(
        token for size in range(5500, 5800) if len(token := signed(None, claims(pad="x" * size))) >= 8191
    )
    assert verifier.verify(longest).object_id == PERSON

    with pytest.raises(Unauthenticated, match="longer than 8192 bytes"):
        verifier.verify(signed(None, claims(pad="x" * 5800)))


def test_accepts_elliptic_keys(verifier: TokenVerifier) -> None:
    token = ec_signer("curve").token(header(alg="ES256", kid="curve"), claims())

    assert verifier.verify(token).object_id == PERSON


def test_an_application_without_a_user_has_its_own_auth_mode(verifier: TokenVerifier) -> None:
    assert verifier.verify(signed(None, claims(idtyp="app"))).auth_mode == "app"


@pytest.mark.parametrize(
    ("iss", "accepted"),
    [
        (ENTRA.replace("{tid}", TENANT), True),
        (ENTRA.replace("{tid}", OTHER_TENANT), False),
        (ENTRA.replace("{tid}", "common"), False),
        (ENTRA, False),
        (f"https://sts.windows.net/{TENANT}/", False),
    ],
)
def test_the_issuer_template_binds_the_issuer_to_the_tenant(
    keys: KeySource, clock: Clock, iss: str, *, accepted: bool
) -> None:
    verifier = TokenVerifier(ENTRA, AUDIENCE, keys, clock)
    token = signed(None, claims(iss=iss))

    if accepted:
        assert verifier.verify(token).tenant_id == TENANT
    else:
        with pytest.raises(Unauthenticated, match="iss"):
            verifier.verify(token)


def test_the_same_user_id_in_two_tenants_is_two_identities(verifier: TokenVerifier) -> None:
    first, second = (verifier.verify(signed(None, claims(tid=tid))) for tid in (TENANT, OTHER_TENANT))

    assert first.object_id == second.object_id
    assert first != second


def test_a_cached_token_is_not_verified_again_and_still_expires(
    verifier: TokenVerifier, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = signed()
    first = verifier.verify(token)
    with monkeypatch.context() as without_verification:
        without_verification.delattr("joserfc.jws.deserialize_compact")
        assert verifier.verify(token) is first

    clock.forward(seconds=3600 + 59)
    assert verifier.verify(token) == first
    clock.forward(seconds=1)
    with pytest.raises(Unauthenticated, match="expired"):
        verifier.verify(token)


def test_a_cached_token_is_refused_once_its_key_is_withdrawn(clock: Clock) -> None:
    with jwks_server(publish(rsa_signer("spring").jwk)) as server:
        verifier = TokenVerifier(ISSUER, AUDIENCE, KeySource(server.url, clock), clock)
        token = signed(None, claims(exp=NOW + DAY))
        assert verifier.verify(token).object_id == PERSON
        server.answer = publish(rsa_signer("autumn").jwk)

        clock.forward(minutes=59)
        assert verifier.verify(token).object_id == PERSON
        clock.forward(minutes=1)
        with pytest.raises(Unauthenticated, match="kid"):
            verifier.verify(token)


def test_nothing_is_fetched_from_where_a_token_points(verifier: TokenVerifier) -> None:
    with jwks_server(publish(rsa_signer("stray").jwk)) as server:
        token = rsa_signer("stray").token(header(jku=server.url, x5u=server.url), claims())
        with pytest.raises(Unauthenticated):
            verifier.verify(token)

    assert server.requests == []


def test_the_cache_is_bounded_and_evicts_the_least_recently_used(
    verifier: TokenVerifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokens_module, "MAX_CACHED", 2)
    busy, idle, late = (signed(None, claims(jti=jti)) for jti in ("busy", "idle", "late"))
    first = {token: verifier.verify(token) for token in (busy, idle, busy, late)}

    assert verifier.verify(late) is first[late]
    assert verifier.verify(busy) is first[busy]
    assert verifier.verify(idle) is not first[idle]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.just(TENANT),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=4,
)
NAMES = st.sampled_from(
    ["alg", "typ", "kid", "jku", "x5c", "cty", "iss", "aud", "exp", "iat", "nbf", "tid", "oid", "sub", "jti"]
)


@pytest.fixture(scope="module")
def lasting_verifier(tmp_path_factory: pytest.TempPathFactory) -> TokenVerifier:
    path = tmp_path_factory.mktemp("keys") / "jwks.json"
    path.write_text(json.dumps({"keys": [ec_signer("curve").jwk]}))
    return TokenVerifier(ISSUER, AUDIENCE, KeySource(str(path), Clock()), Clock())


@given(changes=st.dictionaries(NAMES, JSON, min_size=1, max_size=2))
@settings(max_examples=80, deadline=None)
def test_any_signed_token_is_an_identity_or_unauthenticated(
    lasting_verifier: TokenVerifier, changes: dict[str, Any]
) -> None:
    head = {"alg": "ES256", "kid": "curve"} | {
        name: value for name, value in changes.items() if name in {"alg", "typ", "kid", "jku", "x5c", "cty"}
    }
    token = ec_signer("curve").token(header(**head), claims(**changes))

    try:
        identity = lasting_verifier.verify(token)
    except Unauthenticated:
        return
    assert (identity.tenant_id, identity.object_id) in {(TENANT, PERSON), (TENANT, TENANT)}
