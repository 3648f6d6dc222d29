"""PURE: what a backup holds, and what may be in one. Names are no paths: nothing can point elsewhere."""

from __future__ import annotations

import tomllib
from typing import Annotated, Any

import msgspec
from msgspec import Meta

MOST_FILES = 32
SUFFIX_OF_STAGED = ".restored"
UNFINISHED = ".part"  # the ending of a backup that is being written
_FILE_MOST_BYTES = 1 << 20


class Origin(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which box it was, and when."""

    charge_point_id: str
    mock: bool
    made_at: str  # ISO 8601, UTC, by the clock of that box
    program: str  # the version of evse-bridge
    machine_id: str
    machine_serial: str
    move: str = ""  # the id of the move; empty: an ordinary backup, whose box goes on


class Content(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All that makes a box this box. None: the box had no such file."""

    origin: Origin
    configuration: Annotated[dict[str, bytes], Meta(max_length=MOST_FILES)]  # by name in its folder
    outside: Annotated[dict[str, bytes], Meta(max_length=MOST_FILES)] = {}  # by absolute path
    database: bytes | None = None
    safety_state: bytes | None = None
    meter: bytes | None = None

    def __repr__(self) -> str:
        """Shows no content: there are passwords in it."""
        return f"<Content of {self.origin.charge_point_id!r}>"


def encode(content: Content) -> bytes:
    """Returns the plain content of a backup."""
    return msgspec.msgpack.encode(content)


def decode(plain: bytes) -> Content:
    """Raises ValueError for what is no content, and for names that could lead out of their folder."""
    try:
        content = msgspec.msgpack.decode(plain, type=Content)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    for name, file in content.configuration.items():
        if not is_plain(name):
            raise ValueError(f"{name!r} is no name of a configuration file")
        if any(other.startswith(f"{name}/") for other in content.configuration):
            raise ValueError(f"{name!r} is a file and a folder")
        if len(file) > _FILE_MOST_BYTES:
            raise ValueError(f"{name!r} has {len(file)} bytes: {_FILE_MOST_BYTES} at most")
    return content


def is_plain(name: str) -> bool:
    """Says whether it is a name in a folder, or in folders of that folder, and nothing else."""
    parts = name.split("/")
    return (
        0 < len(name.encode(errors="replace")) <= 200  # with our endings a file system takes 255
        and all(part not in ("", ".", "..") for part in parts)
        and name.isprintable()
        and not name.endswith((SUFFIX_OF_STAGED, ".new"))
    )


def named_files(charge_point_toml: bytes) -> list[str]:
    """Lists the files that charge-point.toml names, whatever else is wrong with it; none if it is no TOML."""
    sections = read_toml(charge_point_toml) or {}
    keys = (("central_system", "ca_file"), ("firmware", "public_key"))
    found = [(sections.get(section), key) for section, key in keys]
    names = [section.get(key) for section, key in found if isinstance(section, dict)]
    return [name for name in names if isinstance(name, str) and name]


def read_toml(file: bytes) -> dict[str, Any] | None:
    """Reads a file of the configuration; None: it is no TOML."""
    try:
        return tomllib.loads(file.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return None
