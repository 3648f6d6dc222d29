"""PURE: what a bundle may hold: folders, plain files and links that stay inside, of a bounded size."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["file", "folder", "link", "other"]
MOST_MEMBERS = 50_000  # an environment has some 5,000
MOST_BYTES = 2**30  # of all files
BYTES_A_BYTE = 40  # of an archive's byte, unpacked; xz makes some 5 of programs
NAME_MOST = 1000  # characters of a path
# The one link that leads out: a virtual environment's own, to the Python of the distribution.
_PYTHON_LINK = re.compile(r"bin/python[0-9.]*")
_PYTHON = re.compile(r"/usr/bin/python3(\.\d{1,2})?")


class MemberError(Exception):
    """The archive must not be unpacked; names the member and says why."""


@dataclass(frozen=True, slots=True)
class Member:
    """What an archive says about one thing in it."""

    name: str
    kind: Kind
    size: int = 0  # bytes of a file
    target: str = ""  # of a link
    executable: bool = False


@dataclass(slots=True)
class Contents:
    """Judges the members in their order, each by those before it."""

    most_bytes: int
    size: int = 0  # bytes of the files so far
    _kinds: dict[str, Kind] = field(default_factory=dict)

    def admit(self, member: Member) -> str:
        """Returns the path inside, empty for the top folder. Raises MemberError."""
        path = _path(member.name)
        self._check_place(path, member)
        if member.kind == "link":
            self._check_target(path, member.target)
        if member.size < 0:
            raise MemberError(f"{member.name!r} has {member.size} bytes: must be 0 or more")
        if member.kind == "file":
            self.size += member.size
        if self.size > self.most_bytes:
            raise MemberError(f"it unpacks to more than {self.most_bytes} bytes")
        if path:
            self._kinds[path] = member.kind
        if len(self._kinds) > MOST_MEMBERS:
            raise MemberError(f"it has more than {MOST_MEMBERS} members")
        return path

    def has(self, path: str) -> bool:
        """Says whether there is such a member."""
        return path in self._kinds

    def _check_place(self, path: str, member: Member) -> None:
        if member.kind == "other" or (not path and member.kind != "folder"):
            raise MemberError(f"{member.name!r} must be a file, a folder or a symbolic link")
        if path in self._kinds:
            raise MemberError(f"{member.name!r} is there twice")
        above = path.rpartition("/")[0]
        if above and self._kinds.get(above) != "folder":
            raise MemberError(f"{member.name!r} lies in what is no folder before it")

    def _check_target(self, path: str, target: str) -> None:
        """Checks a link. The folders above it are real, so each `..` at its beginning goes one up; a `..`
        after a name could go up from anywhere."""
        if _PYTHON_LINK.fullmatch(path) and _PYTHON.fullmatch(target):
            return
        words = target.split("/")
        up = next((place for place, word in enumerate(words) if word != ".."), len(words))
        if (
            not target
            or target.startswith("/")
            or up > path.count("/")
            or any(word in ("", "..") for word in words[up:])
            or not target.isprintable()
        ):
            raise MemberError(f"{path!r} is a link that leads out of the bundle: {target!r}")


def _path(name: str) -> str:
    path = name.removeprefix("./").removesuffix("/")
    if path in ("", "."):
        return ""
    if len(path) > NAME_MOST or not path.isprintable() or "\\" in path:
        raise MemberError(f"{path[:80]!r} is no name of a file")
    if any(word in ("", ".", "..") for word in path.split("/")):
        raise MemberError(f"{name!r} leads out of the bundle")
    return path


def most_bytes(archive_bytes: int) -> int:
    """Returns how much a bundle of this size may unpack to: no bomb fills the card."""
    return min(MOST_BYTES, archive_bytes * BYTES_A_BYTE)
