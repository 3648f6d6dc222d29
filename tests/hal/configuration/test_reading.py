"""A configuration that is no ordinary file is refused at once: nothing here ever waits."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from hal import durable
from hal.configuration.file import MOST_BYTES

WITHIN_S = 60.0  # a FIFO that is read would wait without end


@pytest.fixture
def folder(short_folder: Path) -> Path:
    return short_folder


def put(path: Path, kind: str) -> None:
    match kind:
        case "a FIFO":
            os.mkfifo(path)
        case "a device":
            path.symlink_to("/dev/zero")
        case "a socket":
            with socket.socket(socket.AF_UNIX) as made:
                made.bind(str(path))
        case _:
            path.mkdir()


DO = "put the right file there, or name its folder with --config-dir"
NAMES = ("wallbox.toml", "charge-point.toml")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kind", ["a FIFO", "a device", "a socket", "a folder"])
def test_config_check_names_what_stands_in_the_place_of_a_file(folder: Path, name: str, kind: str) -> None:
    command = [sys.executable, "-I", "-m", "bridge.cli.main", "config"]
    subprocess.run([*command, "init", "--mock", "--config-dir", str(folder)], check=True, capture_output=True)
    (folder / name).unlink()
    put(folder / name, kind)
    done = subprocess.run(
        [*command, "check", "--mock", "--config-dir", str(folder)],
        capture_output=True, text=True, timeout=WITHIN_S, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    reason = "No such device or address" if kind == "a socket" else f"is {kind}, must be an ordinary file"
    assert line == f"{name}: cannot be read: {folder / name}: {reason}; {DO}"


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "large"
    path.write_bytes(b"x" * MOST_BYTES)
    assert len(durable.read(path, MOST_BYTES)) == MOST_BYTES
    with path.open("ab") as file:
        file.write(b"x")
    with pytest.raises(OSError, match=f"must have {MOST_BYTES} at most"):
        durable.read(path, MOST_BYTES)
