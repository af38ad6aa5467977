"""Output with a limited encoding, to a full disk, or to a closed pipe."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.cli.shell import COMMAND

MATRIX = ("policy", "matrix", "--resource", "User")


def test_characters_that_the_encoding_lacks_are_printed_as_escapes(tmp_path: Path) -> None:
    (tmp_path / "main.polar").write_text("grant(«);\n", "utf-8")
    command = [str(COMMAND), "policy", "check", "--policy", str(tmp_path)]
    found = subprocess.run(
        command,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )

    assert (found.returncode, found.stderr) == (3, "")
    assert "main.polar:1:7: error: invalid character `\\xab` [syntax]\n" in found.stdout


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no full device")
def test_a_full_disk_is_one_line_and_no_finding() -> None:
    with Path("/dev/full").open("w") as full:
        command = [str(COMMAND), *MATRIX]
        found = subprocess.run(
            command, stdout=full, stderr=subprocess.PIPE, text=True, check=False, timeout=100
        )

    assert (found.returncode, found.stderr) == (2, "output: No space left on device\n")


def test_a_closed_pipe_prints_no_error() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        command = [str(COMMAND), *MATRIX]
        found = subprocess.run(
            command, stdout=writing, stderr=subprocess.PIPE, text=True, check=False, timeout=100
        )
    finally:
        os.close(writing)

    assert found.stderr == ""
