"""The line of a finding and the marks below it stay in step, whatever the line holds."""

from __future__ import annotations

import pytest

from multichannel.cli.policy.check import code_frame
from multichannel.workbench.findings import Finding


def _framed(line: str, wrong: str, width: int = 80) -> list[str]:
    column = line.index(wrong) + 1 if wrong else len(line) + 1
    finding = Finding(file="", line=2, column=column, length=len(wrong) or 1, code="", message="")
    pieces = code_frame(f"# first\n{line}\n", finding, width)
    return [text for piece in pieces for text in piece]


@pytest.mark.parametrize(
    ("line", "wrong", "expected"),
    [
        ("grant(wrong);", "wrong", ["grant(wrong);", "      ^~~~~"]),
        ("\tgrant(\twrong);", "wrong", ["    grant(    wrong);", "              ^~~~~"]),
        ("a\twrong", "\twrong", ["a    wrong", " ^~~~~~~~~"]),
        ('f("日本", wrong)', "wrong", ['f("日本", wrong)', "          ^~~~~"]),
        ('f("日本")', "日本", ['f("日本")', "   ^~~~"]),
        ("f(é)", "é", ["f(é)", "  ^"]),
        ("f(1)", "", ["f(1)", "    ^"]),
        ("f(\x1b[31m)", "m", ["f(\N{REPLACEMENT CHARACTER}[31m)", "      ^"]),
    ],
)
def test_marks_stand_below_what_is_wrong(line: str, wrong: str, expected: list[str]) -> None:
    assert _framed(line, wrong) == expected


def test_a_line_wider_than_the_screen_is_shown_in_pieces_and_none_of_it_is_left_out() -> None:
    assert _framed("abcdefghij" * 3 + "wrong, end", "wrong", width=20) == [
        "abcdefghijabcdefghij",
        "",
        "abcdefghijwrong, end",
        "          ^~~~~",
    ]
    assert _framed("abcdefghijabcdefg" + "wrong", "wrong", width=20) == [
        "abcdefghijabcdefgwro",
        "                 ^~~",
        "ng",
        "~~",
    ]


def test_an_empty_line_and_a_line_that_is_not_there_are_not_shown() -> None:
    assert code_frame("a\n\nb", Finding(file="", line=2, code="", message=""), 80) == ()
    assert code_frame("a", Finding(file="", line=9, code="", message=""), 80) == ()
