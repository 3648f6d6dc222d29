"""The manifest beside a firmware archive: which version it is, its size and its hash, signed with Ed25519.

    evse-bridge firmware
    version 1.2.0
    size 1048576
    sha256 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
    signature MEUCIQ...==

The signature (RFC 8032, in base64) covers every byte before the line `signature`. It stands at the archive's
own address with `.manifest` added to the path.
"""

from __future__ import annotations

import re
from base64 import b64decode
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from bridge.core.zaptec import four_numbers
from bridge.jobs.attempt import SignatureError
from hal import durable

SUFFIX = ".manifest"
SIZE_LIMIT = 4096  # bytes of a manifest
ARCHIVE_LIMIT = 512 * 2**20  # bytes of an archive
_FORM = re.compile(
    rb"(evse-bridge firmware\n"
    rb"version (\d{1,5}(?:\.\d{1,5}){0,3})\n"
    rb"size (\d{1,12})\n"
    rb"sha256 ([0-9a-f]{64})\n)"
    rb"signature ([A-Za-z0-9+/]{86}==)\n?"
)


@dataclass(frozen=True, slots=True)
class Manifest:
    """The signed facts about an archive."""

    version: str  # four numbers with dots
    size: int  # bytes
    sha256: str  # lower-case hex


def read(content: bytes, public_key: Path) -> Manifest:
    """Raises SignatureError for a manifest that is not signed with this key, or not of this form."""
    found = _FORM.fullmatch(content)
    if found is None:
        raise SignatureError("the manifest is not of the form that docs/firmware.md shows")
    signed, version, size, sha256, signature = found.groups()
    try:
        _key(public_key).verify(b64decode(signature), signed)
    except InvalidSignature:
        raise SignatureError(f"the manifest is not signed with the key of {public_key}") from None
    if int(size) > ARCHIVE_LIMIT:
        raise SignatureError(f"an archive of {int(size)} bytes: at most {ARCHIVE_LIMIT} are taken")
    return Manifest(four_numbers(version.decode()), int(size), sha256.decode())


def _key(path: Path) -> Ed25519PublicKey:
    try:
        key = load_pem_public_key(durable.read(path, SIZE_LIMIT))
    except (OSError, ValueError) as error:
        raise SignatureError(f"firmware.public_key: {path}: cannot be read: {error}") from None
    if not isinstance(key, Ed25519PublicKey):
        raise SignatureError(f"firmware.public_key: {path}: must be an Ed25519 key")
    return key
