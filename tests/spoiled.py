"""What a damaged card or file system may put in the place of a small file."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from pathlib import Path

Spoiling = Callable[[Path], None]
GIBIBYTE = 1 << 30


def empty(path: Path) -> None:
    path.write_bytes(b"")


def cut_off(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def noise(path: Path) -> None:
    path.write_bytes(random.Random(1).randbytes(4096))


def folder(path: Path) -> None:
    path.unlink()
    path.mkdir()
    (path / "inside").write_text("x")


def circle(path: Path) -> None:
    path.unlink()
    path.symlink_to(path.name)


def pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def endless(path: Path) -> None:
    """A gigabyte of nothing, which takes no place on the disk."""
    with path.open("wb") as file:
        file.truncate(GIBIBYTE)


SPOILED: tuple[Spoiling, ...] = (empty, cut_off, noise, folder, circle, pipe, endless)
