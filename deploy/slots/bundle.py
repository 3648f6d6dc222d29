"""A bundle becomes a slot: found without trusting a name, copied, the copy verified, and only then unpacked.

The archive's folder may be the bridge's, and the bridge in a stranger's hands. So every part of the path is
opened without following a link, what is read is root's own copy, and nothing is looked up by name twice.
"""

from __future__ import annotations

import hashlib
import lzma
import os
import stat
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from bridge.jobs import manifest
from bridge.jobs.attempt import SignatureError
from bridge.jobs.manifest import Manifest
from deploy.slots import room, trees
from deploy.slots.carrying_out import Carrier
from deploy.slots.disk import Disk, Rights
from deploy.slots.looking import PYTHON
from deploy.slots.members import Contents, Kind, Member, MemberError, most_bytes
from deploy.slots.refusal import RefusedError

ARCHIVE, MANIFEST = "archive", "archive.manifest"  # as bridge/jobs/firmware.py names them
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
# RecursionError: `tarfile` calls itself for each header of a header.
_BROKEN = (tarfile.TarError, lzma.LZMAError, EOFError, ValueError, OverflowError, RecursionError)


class _Unpacked(lzma.LZMAFile):
    """A tar's bytes. `tarfile` reads a long name or a pax header whole: no bundle of ours has a long one."""

    newest = b""  # what was read last

    def read(self, size: int | None = -1) -> bytes:
        """Raises ValueError for more at once than a piece of a file."""
        if size is None or not 0 <= size <= trees.CHUNK:
            raise ValueError(f"a header of more than {trees.CHUNK} bytes")
        self.newest = super().read(size)
        return self.newest


@dataclass(frozen=True, slots=True)
class Fits:
    """What a bundle must be for."""

    suite: str
    machine: str


@dataclass(frozen=True, slots=True)
class Source:
    """Where archive and manifest are: `trusted` is root's alone, the folders below it may be anybody's."""

    trusted: Path
    below: tuple[str, ...] = ()
    archive: str = ARCHIVE
    manifest: str = MANIFEST


@contextmanager
def opened(source: Source, name: str) -> Iterator[BinaryIO]:
    """Opens a plain file in it, through no link. Raises RefusedError."""
    shown = source.trusted.joinpath(*source.below, name)
    descriptors = []
    try:
        descriptors.append(os.open(source.trusted, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC))
        for folder in source.below:
            descriptors.append(os.open(folder, _FOLDER, dir_fd=descriptors[-1]))
        file = os.open(name, _FILE, dir_fd=descriptors[-1])
    except OSError as error:
        raise RefusedError(f"{shown} cannot be read: {error.strerror}") from None
    finally:
        for descriptor in descriptors:
            os.close(descriptor)
    if not stat.S_ISREG(os.fstat(file).st_mode):
        os.close(file)
        raise RefusedError(f"{shown} must be a plain file")
    with os.fdopen(file, "rb") as found:
        yield found


def verified(source: Source, public_key: Path, fits: Fits, now: datetime) -> Manifest:
    """Reads the manifest, once. Raises RefusedError."""
    with opened(source, source.manifest) as file:
        content = file.read(manifest.SIZE_LIMIT + 1)
    if len(content) > manifest.SIZE_LIMIT:
        raise RefusedError(f"a manifest of more than {manifest.SIZE_LIMIT} bytes")
    try:
        said = manifest.read(content, public_key, now)
    except SignatureError as error:
        raise RefusedError(str(error)) from None
    if not said.suite:
        raise RefusedError(
            f"the manifest of {said.version} names no suite and no machine: it was made for another installer"
        )
    if (said.suite, said.machine) != (fits.suite, fits.machine):
        raise RefusedError(
            f"{said.version} is for {said.suite} on {said.machine}; this box is {fits.suite} on "
            f"{fits.machine}: get the bundle for this box"
        )
    return said


def bring(carrier: Carrier, source: Source, said: Manifest) -> None:
    """Makes a slot of the archive. Raises RefusedError: no slot was made, and nothing of it is left."""
    disk = carrier.disk
    copy = trees.unfinished(carrier.places.slots / ARCHIVE)
    slot = trees.unfinished(carrier.places.slot(said.version))
    try:
        trees.remove(disk, copy)
        trees.remove(disk, slot)
        room.check(disk, carrier.places.slots, said.size, "the archive")
        disk.write(copy, _checked(source, said))
        room.check(disk, carrier.places.slots, _unpacked_size(copy, said), "what it unpacks to")
        _unpack(disk, copy, slot, said)
        carrier.finish(said.version)
    except OSError as error:
        raise RefusedError(f"{said.version} cannot be unpacked: {error.strerror}: {error.filename}") from None
    except MemberError as error:
        raise RefusedError(f"{said.version} must not be unpacked: {error}") from None
    except _BROKEN as error:
        raise RefusedError(f"{said.version} cannot be unpacked: it is no tar.xz: {error}") from None
    finally:
        trees.remove(disk, copy)
        trees.remove(disk, slot)


def _checked(source: Source, said: Manifest) -> Iterator[bytes]:
    """Yields what is there, never more than the manifest says. Raises RefusedError."""
    digest, size = hashlib.sha256(), 0
    with opened(source, source.archive) as file:
        while chunk := file.read(trees.CHUNK):
            size += len(chunk)
            if size > said.size:
                break
            digest.update(chunk)
            yield chunk
    if size < said.size:
        raise RefusedError(f"the archive was cut off: {size} of {said.size} bytes are here; get it again")
    if size > said.size or digest.hexdigest() != said.sha256:
        raise RefusedError("the archive is not the one that its manifest describes; get both again")


def _unpacked_size(archive: Path, said: Manifest) -> int:
    """Reads all headers before anything is unpacked. Raises MemberError, and what `tarfile` raises."""
    contents = Contents(most_bytes(said.size))
    for _, info in _members(archive):
        contents.admit(_member(info))
    if not contents.has(PYTHON):
        raise MemberError(f"it has no {PYTHON}, by which the units would start it")
    return contents.size


def _unpack(disk: Disk, archive: Path, slot: Path, said: Manifest) -> None:
    contents = Contents(most_bytes(said.size))
    disk.make_folder(slot)
    for tar, info in _members(archive):
        member = _member(info)
        path = contents.admit(member)
        if member.kind == "folder":
            if path:
                disk.make_folder(slot / path)
        elif member.kind == "link":
            disk.link(slot / path, member.target)
        else:
            disk.write(slot / path, _content(tar, info), Rights(0o755 if member.executable else 0o644))


def _members(archive: Path) -> Iterator[tuple[tarfile.TarFile, tarfile.TarInfo]]:
    """Yields them up to the block of zeros that ends a tar. `tarfile` takes a header that it cannot read, or
    the end of the file, for that end too, and would leave out all that comes after: MemberError."""
    last = "nothing"
    with _Unpacked(archive) as unpacked, tarfile.open(fileobj=unpacked, mode="r:") as tar:
        for info in tar:
            last = repr(info.name)
            yield tar, info
        if unpacked.newest != tarfile.NUL * tarfile.BLOCKSIZE:
            raise MemberError(f"after {last} comes what is no header of a tar, and no end")


def _member(info: tarfile.TarInfo) -> Member:
    kinds: dict[bytes, Kind] = {
        tarfile.REGTYPE: "file",
        tarfile.AREGTYPE: "file",
        tarfile.DIRTYPE: "folder",
        tarfile.SYMTYPE: "link",
    }
    sparse = info.issparse()  # its size has nothing to do with what is read
    kind: Kind = "other" if sparse else kinds.get(info.type, "other")
    return Member(info.name, kind, info.size, info.linkname, executable=bool(info.mode & stat.S_IXUSR))


def _content(tar: tarfile.TarFile, info: tarfile.TarInfo) -> Iterator[bytes]:
    file = tar.extractfile(info)
    assert file is not None
    while chunk := file.read(trees.CHUNK):
        yield chunk
