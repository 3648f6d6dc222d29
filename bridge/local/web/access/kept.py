"""access.json: the passwords and tokens of the page, hashed; page-code: with which the first one is set."""

from __future__ import annotations

import logging
import secrets
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from bridge.local import private_file
from bridge.local.web.access.passwords import Hashed
from bridge.local.web.access.rights import Role
from hal import durable

FILE_NAME = "access.json"
CODE_FILE_NAME = "page-code"
CODE_LENGTH = 8
ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # without 0 O 1 I L, which look alike
MOST_BYTES = 65_536

log = logging.getLogger(__name__)


class Token(msgspec.Struct, frozen=True, kw_only=True):
    """One token of a program. Of the token itself only the SHA-256 is kept: it has 256 random bits."""

    id: str
    name: Annotated[str, Meta(min_length=1, max_length=60)]
    role: Role
    digest: str
    created: str | None = None  # UTC


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """All that lasts. Without an owner's password the installer's counts for both."""

    installer: Hashed | None = None  # None: no password has been set
    owner: Hashed | None = None
    tokens: tuple[Token, ...] = ()


def load(folder: Path) -> Kept:
    """Reads it. What cannot be read is set aside: then a password must be set anew, with a new code."""
    path = folder / FILE_NAME
    try:
        return msgspec.json.decode(durable.read(path, MOST_BYTES), type=Kept)
    except FileNotFoundError:
        return Kept()
    except (OSError, ValueError, RecursionError) as error:
        aside = durable.set_aside(path)
        where = f"it is renamed to {path.with_suffix(durable.UNREADABLE).name}" if aside else "it stays there"
        log.error("%s cannot be read (%s); %s, and the page asks for a new password", path, error, where)
        return Kept()


def save(folder: Path, kept: Kept) -> None:
    """Makes it last. Raises OSError."""
    private_file.write(folder / FILE_NAME, msgspec.json.encode(kept))


def code(folder: Path) -> str:
    """Returns the code of this box, made when there is none. On a disk that takes nothing it is new at each
    start."""
    path = folder / CODE_FILE_NAME
    try:
        found = durable.read(path, 64).decode("ascii", "replace").strip()
    except OSError:
        found = ""
    if len(found) == CODE_LENGTH and set(found) <= set(ALPHABET):
        return found
    made = "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))
    try:
        private_file.write(path, f"{made}\n".encode())
    except OSError as error:
        log.error("%s cannot be written: %s; nobody can be told the code of the page", path, error.strerror)
    return made


def forget_code(folder: Path) -> None:
    """Removes it: a password is set."""
    (folder / CODE_FILE_NAME).unlink(missing_ok=True)
