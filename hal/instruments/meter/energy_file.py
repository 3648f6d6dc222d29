"""The count of energy on disk, in the state folder: a file and its copy, each with a check sum."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from pathlib import Path

import msgspec

from hal import durable
from hal.instruments.meter.energy import StoredCount

FILE_NAME = "meter.json"
_MOST_BYTES = 65_536  # it has some 200


class _File(StoredCount, frozen=True, forbid_unknown_fields=True):
    """What is written; a file of an earlier version has no check sum."""

    crc32: int | None = None


class _DamagedError(Exception):
    """The file cannot be read; the text says why."""


@dataclass(frozen=True, slots=True)
class Kept:
    """The count that was read, None at the first start; `note` says what was damaged."""

    count: StoredCount | None
    note: str = ""


def read(path: Path) -> Kept:
    """Reads what `write` wrote last, from the copy if the file is damaged. If both are, the file is set
    aside: the count begins as at the first start. A file that somebody removed is a first start, too."""
    if not path.exists() and not durable.is_no_file(path):
        return Kept(None)
    try:
        return Kept(_read(path))
    except _DamagedError as error:
        damaged = f"{path} cannot be read: {error}"
    try:
        return Kept(_read(_copy(path)), f"{damaged}; its copy of a minute ago is used, nothing is to be done")
    except _DamagedError:
        return Kept(None, f"{damaged}, nor can its copy; {_set_aside(path)}")


def readable(path: Path) -> bool:
    """Says whether the count is in that one of the two files; nothing is set aside."""
    try:
        _read(path)
    except _DamagedError:
        return False
    return True


def both(path: Path) -> tuple[Path, Path]:
    """Returns the file and its copy."""
    return path, _copy(path)


def write(path: Path, count: StoredCount) -> None:
    """Leaves it on disk when it returns; each file is the old or the new one at any time. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    content = msgspec.json.encode(_File(**msgspec.structs.asdict(count), crc32=_crc32(count))) + b"\n"
    for each in both(path):
        if durable.is_no_file(each):  # no file takes a folder's place
            durable.set_aside(each)
        durable.write(each, content)


def _copy(path: Path) -> Path:
    return path.with_name(path.name + ".copy")


def _read(path: Path) -> StoredCount:
    """Reads one of the two files. Raises _DamagedError."""
    try:
        file = msgspec.json.decode(durable.read(path, _MOST_BYTES), type=_File)
    except (OSError, ValueError, RecursionError) as error:
        raise _DamagedError(str(error)) from None
    count = StoredCount(file.model, file.serial, file.replaced, file.register_wh, file.offset_wh)
    if file.crc32 is not None and file.crc32 != _crc32(count):
        raise _DamagedError(f"its check sum is {file.crc32}, and must be {_crc32(count)}")
    return count


def _crc32(count: StoredCount) -> int:
    return zlib.crc32(msgspec.json.encode(count))


def _set_aside(path: Path) -> str:
    if not durable.set_aside(path):
        return "it cannot be set aside: the folder takes no change"
    return (
        f"it is set aside as {path.with_suffix(durable.UNREADABLE).name}, and the count begins with the "
        "meter's own; compare the next session with the meter if it was ever replaced"
    )
