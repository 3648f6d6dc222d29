"""The bundle of an update: the application as a tar archive, and the signed manifest beside it."""

from __future__ import annotations

import hashlib
import tarfile
from base64 import b64encode
from functools import partial
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from bridge.jobs.manifest import SUFFIX
from deploy.builds import BuildError
from deploy.package.commit import Commit
from deploy.package.target import Target


def build(target: Target, commit: Commit, application: Path, keys: list[Path], to: Path) -> Path:
    """Writes archive and manifest into the folder `to`, and returns the archive. Raises BuildError."""
    archive = to / f"evse-bridge_{commit.version}_{target.suite}_{target.machine}.tar.xz"
    with tarfile.open(archive, "w:xz", format=tarfile.PAX_FORMAT) as tar:
        for path in sorted(application.rglob("*")):
            name = path.relative_to(application).as_posix()
            tar.add(path, name, recursive=False, filter=partial(_settled, time_s=commit.time_s))
    signed = manifest(target, commit, archive)
    lines = [f"signature {b64encode(_key(key).sign(signed)).decode()}\n" for key in keys]
    archive.with_name(archive.name + SUFFIX).write_bytes(signed + "".join(lines).encode())
    return archive


def manifest(target: Target, commit: Commit, archive: Path) -> bytes:
    """Returns what is signed: docs/firmware.md."""
    content = archive.read_bytes()
    lines = (
        "evse-bridge firmware",
        f"version {commit.numbers}",
        f"suite {target.suite}",
        f"machine {target.machine}",
        f"size {len(content)}",
        f"sha256 {hashlib.sha256(content).hexdigest()}",
    )
    return "".join(f"{line}\n" for line in lines).encode()


def _settled(member: tarfile.TarInfo, *, time_s: int) -> tarfile.TarInfo:
    """Makes it root's, and of the commit's time."""
    member.uid = member.gid = 0
    member.uname = member.gname = "root"
    member.mtime = time_s
    return member


def _key(path: Path) -> Ed25519PrivateKey:
    try:
        key = load_pem_private_key(path.read_bytes(), None)
    except (OSError, ValueError, TypeError) as error:
        raise BuildError(f"{path}: cannot be read as a private key: {error}") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise BuildError(f"{path}: must be an Ed25519 key: openssl genpkey -algorithm ed25519")
    return key
