import pytest

from multichannel.errors import Unauthenticated
from multichannel.identity.tokens import bearer_token


@pytest.mark.parametrize("value", [b"Bearer a.b-c_d", b"bearer a.b-c_d", b"BEARER   a.b-c_d "])
def test_the_scheme_is_read_in_any_case(value: bytes) -> None:
    assert bearer_token([value]) == "a.b-c_d"


def test_without_a_header_there_is_no_token() -> None:
    assert bearer_token([]) is None


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
        b"Bearer\tabc",
        b"Bearer =",
        b"Bearer a=b",
        b" Bearer abc",
        b"Token abc",
    ],
)
def test_any_other_header_is_refused(value: bytes) -> None:
    with pytest.raises(Unauthenticated, match="must be 'Bearer'"):
        bearer_token([value])


def test_two_headers_are_refused_even_when_equal() -> None:
    with pytest.raises(Unauthenticated, match="more than one"):
        bearer_token([b"Bearer abc", b"Bearer abc"])
