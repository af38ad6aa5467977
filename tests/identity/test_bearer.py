import pytest
from starlette.datastructures import Headers
from starlette.requests import Request

from multichannel.errors import Unauthenticated
from multichannel.identity.tokens import bearer_token

NAME = b"authorization"


@pytest.mark.parametrize("value", [b"Bearer a.b-c_d", b"bearer a.b-c_d", b"BEARER   a.b-c_d "])
def test_the_scheme_is_read_in_any_case(value: bytes) -> None:
    assert bearer_token([(b"host", b"x"), (NAME, value)]) == "a.b-c_d"


def test_header_names_are_read_in_any_case() -> None:
    assert bearer_token([(b"Authorization", b"Bearer abc")]) == "abc"
    assert bearer_token(Headers({"Authorization": "Bearer abc"})) == "abc"


def test_without_a_header_there_is_no_token() -> None:
    assert bearer_token([(b"host", b"x"), (b"x-authorization", b"Bearer abc")]) is None


def test_a_token_in_the_query_string_is_not_read() -> None:
    scope = {"type": "http", "headers": [], "query_string": b"access_token=abc", "path": "/graphql"}

    assert bearer_token(Request(scope).headers) is None


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"Bearer",
        b"Bearer ",
        b"abc",
        b"Basic YTpi",
        b"BearerX abc",
        b"Bearer a b",
        b"Bearer a, Bearer b",
        b"Bearer a\tb",
        b"Bearer \xe9",
        b"Bearer abc\n",
        b"Token abc",
    ],
)
def test_any_other_header_is_refused(value: bytes) -> None:
    with pytest.raises(Unauthenticated, match="must be 'Bearer'"):
        bearer_token([(NAME, value)])


def test_two_headers_are_refused_even_when_equal() -> None:
    with pytest.raises(Unauthenticated, match="more than one"):
        bearer_token([(NAME, b"Bearer abc"), (b"AUTHORIZATION", b"Bearer abc")])
