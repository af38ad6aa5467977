from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from multichannel.importing.problems import UnreadableFile
from multichannel.importing.reader import Item, read_items

Write = Callable[[bytes], Path]

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**60), 2**60)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.dictionaries(st.text(max_size=8) | st.just("items"), inner, max_size=5)
    ),
    max_leaves=20,
)


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write_file(content: bytes) -> Path:
        path = tmp_path / "export.json"
        path.write_bytes(content)
        return path

    return write_file


def contents(path: Path) -> list[dict[str, Any]]:
    return [item.data for item in read_items(path)]


def refusal(path: Path) -> UnreadableFile:
    with pytest.raises(UnreadableFile) as caught:
        list(read_items(path))
    return caught.value


READ_ALONE = r"""
import pathlib, re, sys
from multichannel.importing.problems import UnreadableFile
from multichannel.importing.reader import read_items
try:
    outcome = sum(1 for _ in read_items(pathlib.Path(sys.argv[1])))
except UnreadableFile as error:
    outcome = error.code
peak = re.search(r"VmHWM:\s*(\d+)", pathlib.Path("/proc/self/status").read_text())
print(outcome, int(peak[1]) // 1024)
"""


def read_alone(path: Path) -> tuple[str, int]:
    """What reading the file in a process of its own comes to, and that process's peak in MiB."""
    done = subprocess.run(
        [sys.executable, "-c", READ_ALONE, str(path)], capture_output=True, check=True, text=True
    )
    outcome, peak = done.stdout.split()
    return outcome, int(peak)


def test_a_single_resource_is_one_item(write: Write) -> None:
    assert list(read_items(write(b'{"id": "a", "n": [1, [2.5, {"x": null}]]}'))) == [
        Item(0, {"id": "a", "n": [1, [2.5, {"x": None}]]})
    ]


@pytest.mark.parametrize(
    "text",
    [
        b'[{"id": "a"}, {"id": "b"}]',
        b'{"items": [{"id": "a"}, {"id": "b"}]}',
        b'{"totalCount": 2, "items": [{"id": "a"}, {"id": "b"}], "attributes": {"objectType": "Collection"}}',
        b'\xef\xbb\xbf {"attributes": {"objectType": "Collection"}, "items": [{"id": "a"}, {"id": "b"}]}\r\n',
    ],
)
def test_a_list_and_a_collection_give_each_resource_with_its_place(write: Write, text: bytes) -> None:
    assert list(read_items(write(text))) == [Item(0, {"id": "a"}), Item(1, {"id": "b"})]


@pytest.mark.parametrize(
    "text",
    [
        b'{"value": [{"id": "a"}, {"id": "b"}], "Count": 2}',
        b'{"Count": 2, "value": [{"id": "a"}, {"id": "b"}]}',
        b'{"@odata.context": "x", "value": [{"id": "a"}, {"id": "b"}]}',
        b'[{"totalCount": 1, "items": [{"id": "a"}]}, {"totalCount": 1, "items": [{"id": "b"}]}]',
        b'[{"items": [{"id": "a"}], "totalCount": 1}, {"items": [{"id": "b"}], "totalCount": 1}]',
        b'{"value": [{"totalCount": 2, "items": [{"id": "a"}, {"id": "b"}]}], "Count": 1}',
        b'{"id": "a"}\n{"id": "b"}\n',
        b'[{"id": "a"}]\r\n[{"id": "b"}]',
        b'{"items": [{"id": "a"}], "totalCount": 1}\n\n{"id": "b"}',
        '[{"id": "a"}, {"id": "b"}]'.encode("utf-16"),
        '[{"id": "a"}, {"id": "b"}]'.encode("utf-16-le"),
        '[{"id": "a"}, {"id": "b"}]'.encode("utf-16-be"),
    ],
)
def test_what_other_tools_write_is_read_as_well(write: Write, text: bytes) -> None:
    assert list(read_items(write(text))) == [Item(0, {"id": "a"}), Item(1, {"id": "b"})]


def test_pages_in_a_list_stream_in_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "pages.json"
    item = json.dumps({"id": "a", "text": "x" * 1000}).encode()
    page = b'{"totalCount": 2000, "items": [' + b",".join([item] * 2000) + b"]}"
    path.write_bytes(b"[" + b",".join([page] * 10) + b"]")

    outcome, peak = read_alone(path)

    assert outcome == "20000"
    assert peak < 40


@pytest.mark.parametrize(
    "text", [b"[]", b'{"items": []}', b'{"totalCount": 0, "items": []}', b'{"totalCount": 0, "items": null}']
)
def test_an_empty_list_has_no_resources(write: Write, text: bytes) -> None:
    assert contents(write(text)) == []


def test_a_list_called_items_deeper_down_is_just_data(write: Write) -> None:
    resource_ = {"id": "a", "page": {"items": [{"id": "b"}]}}

    assert contents(write(json.dumps(resource_).encode())) == [resource_]
    assert contents(write(json.dumps([resource_, {"items": [1]}]).encode())) == [resource_, {"items": [1]}]


@pytest.mark.parametrize(
    ("text", "code", "says"),
    [
        (b"", "EMPTY_FILE", "empty"),
        (b" \n\t ", "EMPTY_FILE", "empty"),
        (b"hello", "NOT_JSON", "line 1, column 1"),
        (b'{\n "id": "a",\n "n": 12x\n}', "NOT_JSON", "line 3, column 9"),
        (b'[{"id": "a"}, {"id": ', "NOT_JSON", "ends in the middle"),
        (b'{"n": NaN}', "NOT_JSON", "line 1, column"),
        (b'{"n": 99999999999999999999999}', "NOT_JSON", "overflow"),
        (b'{"id": "a"}\nand so on', "TRAILING_GARBAGE", "line 2, column 1"),
        (b"[] and so on", "TRAILING_GARBAGE", "line 1"),
        (b'{"id": "\xff"}', "NOT_UTF8", "line 1, column"),
        ('{"id": "a"}'.encode("utf-32"), "NOT_UTF8", "UTF-32"),
        ('{"id": "a"}'.encode("utf-16")[:-1], "NOT_UTF8", "UTF-16"),
        (b"<!DOCTYPE html><html>", "NOT_JSON", "a web page"),
        (b"<?xml version='1.0'?>", "NOT_JSON", "XML"),
        (b"PK\x03\x04...", "NOT_JSON", "an Excel workbook"),
        (b'"Id","Name"\r\n"1","Alder"', "NOT_JSON", "a table (CSV)"),
        (b"Id;Name\n1;Alder", "NOT_JSON", "a table (CSV)"),
        (b"\nId   : 1\nName : Alder", "NOT_JSON", "a listing"),
        (b"@{Id=1; Name=Alder}", "NOT_JSON", "a PowerShell object"),
        (b'{"id": "\\udc00"}', "BAD_TEXT", "surrogate"),
        (b'{"id": "\\ud800"}', "BAD_TEXT", "surrogate"),
        (b'{"id": "\\ud800\\n"}', "BAD_TEXT", "surrogate"),
        (b"12 ", "NOT_AN_OBJECT", "12"),
        (b"12", "NOT_AN_OBJECT", "12"),
        (b"null", "NOT_AN_OBJECT", "None"),
        (b'"text"', "NOT_AN_OBJECT", "text"),
        (b'{"items": {"id": "a"}}', "ITEMS_NOT_A_LIST", "list"),
        (b'{"items": null}', "ITEMS_NOT_A_LIST", "list"),
        (b'{"totalCount": 3, "attributes": {"objectType": "Collection"}}', "ITEMS_NOT_A_LIST", "list"),
        (b"[" * 100_000, "TOO_DEEP", "64 levels"),
        (b"[" * 100_000 + b"]" * 100_000, "TOO_DEEP", "64 levels"),
        (b'{"a":' * 100_000, "TOO_DEEP", "64 levels"),
    ],
)
def test_a_damaged_file_gives_one_clear_error(write: Write, text: bytes, code: str, says: str) -> None:
    error = refusal(write(text))

    assert (error.code, error.item) == (code, 0 if code == "TOO_DEEP" else None)
    assert says in error.message


@pytest.mark.parametrize("text", [b'[{"id": "a"}, 7]', b'{"items": [{"id": "a"}, [{"id": "b"}]]}'])
def test_an_item_that_is_no_object_is_named_by_its_place(write: Write, text: bytes) -> None:
    error = refusal(write(text))

    assert (error.code, error.item) == ("NOT_AN_OBJECT", 1)


def test_whole_and_escaped_surrogates_are_text(write: Write) -> None:
    assert contents(write(rb'{"a": "\ud83d\ude00", "b": "\\ud800", "c": "\u00e9"}')) == [
        {"a": "\N{GRINNING FACE}", "b": r"\ud800", "c": "é"}
    ]


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("line", [2, 3855, 3856, 7711, 15_000, 20_000])
@pytest.mark.parametrize("text", [b'{"id": "%06d"},', b'{       "id": %d},'])
def test_the_place_of_damage_is_right_in_any_chunk(write: Write, text: bytes, line: int, mark: bytes) -> None:
    lines = [text % number for number in range(100_000, 120_000)]
    lines[line - 1] = b"  oops,"

    error = refusal(write(mark + b"[" + b"\n".join(lines) + b"{}]"))

    assert f"line {line:,}, column 3." in error.message


@pytest.mark.parametrize(
    ("opening", "filler"),
    [
        (b'{"id": "', b"x"),
        (b'{"id": [', b"1,"),
        (b'[{"id": "a"}, {"id": "', b"x"),
        (b'{"items": "', b"x"),
        (b"[", b" "),
        (b'{"id": "', b"\\\\"),
    ],
)
def test_fifty_megabytes_of_one_item_are_refused_in_little_memory(
    write: Write, opening: bytes, filler: bytes
) -> None:
    outcome, peak = read_alone(write(opening + filler * (50_000_000 // len(filler))))

    assert outcome == "ITEM_TOO_LARGE"
    assert peak < 40


def test_many_items_and_much_around_them_stream_in_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "large.json"
    item = json.dumps({"id": "a", "text": "x" * 1000}).encode()
    with path.open("wb") as file:
        file.write(b"{")
        for number in range(200):
            file.write(b'"extra%d": "%s", "items": [' % (number, b"y" * 500_000))
            file.write(b",".join([item] * 100) + b"], ")
        file.write(b'"totalCount": 20000}')

    outcome, peak = read_alone(path)

    assert outcome == "20000"
    assert peak < 40


def test_what_stands_before_the_damage_is_yielded(write: Write) -> None:
    whole = b",".join([b'{"id": "%s"}' % (b"a" * 1000)] * 200)

    items = read_items(write(b"[" + whole + b", oops]"))

    assert next(items).index == 0
    with pytest.raises(UnreadableFile):
        list(items)


def test_a_missing_file_and_a_directory_are_named_as_such(tmp_path: Path) -> None:
    assert refusal(tmp_path / "absent.json").code == "FILE_MISSING"
    assert refusal(tmp_path).code == "IS_A_DIRECTORY"
    assert refusal(tmp_path / "a\0b").code == "FILE_FAILED"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_without_permission_is_named_as_such(write: Write) -> None:
    path = write(b"[]")
    path.chmod(0)

    assert refusal(path).code == "NO_PERMISSION"


@pytest.mark.parametrize(("text", "code"), [(b'[{"id": "a"}]', None), (b"[{x", "NOT_JSON")])
def test_a_pipe_is_read_like_a_file(tmp_path: Path, text: bytes, code: str | None) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writer = threading.Thread(target=path.write_bytes, args=(text,))
    writer.start()
    try:
        if code is None:
            assert contents(path) == [{"id": "a"}]
        else:
            assert refusal(path).code == code
    finally:
        writer.join()


def resources(value: object) -> list[object]:
    found = value.get("items", [value]) if isinstance(value, dict) else value
    return found if isinstance(found, list) else [found]


@given(value=JSON, style=st.sampled_from([{}, {"indent": 1}, {"ensure_ascii": False}]))
def test_any_json_is_read_as_it_is_or_refused(
    tmp_path_factory: pytest.TempPathFactory, value: object, style: dict[str, Any]
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.json"
    path.write_text(json.dumps(value, **style), encoding="utf-8")
    expected = resources(value)
    if all(isinstance(each, dict) for each in expected) and not (
        isinstance(value, dict) and isinstance(value.get("items", []), dict)
    ):
        assert contents(path) == expected
    else:
        assert refusal(path).code in {"NOT_AN_OBJECT", "ITEMS_NOT_A_LIST"}


@given(content=st.binary(max_size=200) | st.text(alphabet='[]{}",:\\0u', max_size=60).map(str.encode))
def test_any_bytes_raise_nothing_but_a_refusal(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "bytes.json"
    path.write_bytes(content)
    with suppress(UnreadableFile):
        contents(path)
