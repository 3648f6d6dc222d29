"""The bundle of an update: the application as a tar archive, and the signed manifest beside it."""

from __future__ import annotations

import hashlib
import tarfile
from base64 import b64encode
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from bridge.jobs.manifest import SUFFIX
from deploy.builds import BuildError
from deploy.package.release import Release


@dataclass(frozen=True, slots=True)
class Signing:
    """Who signs a bundle, and for how long that counts."""

    keys: tuple[Path, ...]  # Ed25519, in PEM
    expires: date | None = None  # the last day


def build(release: Release, application: Path, signing: Signing, to: Path) -> Path:
    """Writes archive and manifest into the folder `to`, and returns the archive. Raises BuildError."""
    keys = [private_key(path) for path in signing.keys]
    archive = to / release.archive
    with tarfile.open(archive, "w:xz", format=tarfile.PAX_FORMAT) as tar:
        for path in sorted(application.rglob("*")):
            name = path.relative_to(application).as_posix()
            tar.add(path, name, recursive=False, filter=partial(_settled, time_s=release.commit.time_s))
    signed = manifest(release, archive, signing.expires)
    signatures = b"".join(signature(key, signed) for key in keys)
    archive.with_name(archive.name + SUFFIX).write_bytes(signed + signatures)
    return archive


def manifest(release: Release, archive: Path, expires: date | None) -> bytes:
    """Returns what is signed: docs/firmware.md."""
    content = archive.read_bytes()
    lines = (
        "evse-bridge firmware",
        f"version {release.commit.numbers}",
        f"suite {release.target.suite}",
        f"machine {release.target.machine}",
        f"size {len(content)}",
        f"sha256 {hashlib.sha256(content).hexdigest()}",
        *([f"expires {expires}"] if expires else []),
    )
    return "".join(f"{line}\n" for line in lines).encode()


def _settled(member: tarfile.TarInfo, *, time_s: int) -> tarfile.TarInfo:
    """Makes it root's, and of the commit's time."""
    member.uid = member.gid = 0
    member.uname = member.gname = "root"
    member.mtime = time_s
    return member


def signature(key: Ed25519PrivateKey, signed: bytes) -> bytes:
    """Returns the line that follows what is signed."""
    return f"signature {b64encode(key.sign(signed)).decode()}\n".encode()


def private_key(path: Path) -> Ed25519PrivateKey:
    """Reads a file in PEM. Raises BuildError."""
    try:
        key = load_pem_private_key(path.read_bytes(), None)
    except (OSError, ValueError, TypeError) as error:
        raise BuildError(f"{path}: cannot be read as a private key: {error}") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise BuildError(f"{path}: must be an Ed25519 key: openssl genpkey -algorithm ed25519")
    return key
