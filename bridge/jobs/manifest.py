"""The manifest beside a firmware archive: what it is, for which box, size and hash, signed with Ed25519.

    evse-bridge firmware
    version 0.1.0.2345
    suite bookworm
    machine aarch64
    size 1048576
    sha256 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
    expires 2027-12-31
    signature MEUCIQ...==

Each signature (RFC 8032, in base64) covers every byte before the first line `signature`. One by the owner's
key suffices, so that a key can be replaced. `suite` and `machine` stand together or not at all: without them
it is an archive for an installer of the owner's own, as before there were slots. `expires` is the last day,
in UTC, and may be left out. The manifest stands at the archive's address with `.manifest` added to the path.
"""

from __future__ import annotations

import re
from base64 import b64decode
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from bridge.core.now import is_dated
from bridge.core.zaptec import four_numbers
from bridge.jobs.attempt import SignatureError
from hal import durable

SUFFIX = ".manifest"
SIZE_LIMIT = 4096  # bytes of a manifest
ARCHIVE_LIMIT = 512 * 2**20  # bytes of an archive
MOST_SIGNATURES = 4
_SIGNATURE = rb"signature ([A-Za-z0-9+/]{86}==)"
_FORM = re.compile(
    rb"(evse-bridge firmware\n"
    rb"version (?P<version>\d{1,9}(?:\.\d{1,9}){0,3})\n"
    rb"(?:suite (?P<suite>[a-z]{1,30})\n"
    rb"machine (?P<machine>[a-z0-9_]{1,30})\n)?"
    rb"size (?P<size>\d{1,12})\n"
    rb"sha256 (?P<sha256>[0-9a-f]{64})\n"
    rb"(?:expires (?P<expires>\d{4}-\d\d-\d\d)\n)?)"
    rb"(?P<signatures>(?:signature [^\n]*\n?)*)"
)


@dataclass(frozen=True, slots=True)
class Manifest:
    """The signed facts about an archive."""

    version: str  # four numbers with dots
    size: int  # bytes
    sha256: str  # lower-case hex
    suite: str = ""  # of Debian; empty: it does not say
    machine: str = ""  # as `uname -m`; empty: it does not say


def read(content: bytes, public_key: Path, now: datetime) -> Manifest:
    """Raises SignatureError for a manifest that is not signed with this key, has expired, or is not of this
    form."""
    found = _FORM.fullmatch(content)
    if found is None:
        raise SignatureError("the manifest is not of the form that docs/firmware.md shows")
    _verify(found[1], found["signatures"], public_key)
    _check_date((found["expires"] or b"").decode(), now)
    size = int(found["size"])
    if size > ARCHIVE_LIMIT:
        raise SignatureError(f"an archive of {size} bytes: at most {ARCHIVE_LIMIT} are taken")
    texts = {name: (text or b"").decode() for name, text in found.groupdict().items()}
    return Manifest(
        four_numbers(texts["version"]), size, texts["sha256"], suite=texts["suite"], machine=texts["machine"]
    )


def _verify(signed: bytes, lines: bytes, public_key: Path) -> None:
    signatures = [re.fullmatch(_SIGNATURE, line) for line in lines.splitlines()]
    if not signatures:
        raise SignatureError("the manifest has no signature")
    if len(signatures) > MOST_SIGNATURES or None in signatures:
        raise SignatureError(f"a manifest has 1 to {MOST_SIGNATURES} signatures, each 64 bytes in base64")
    key = _key(public_key)
    for found in signatures:
        assert found is not None
        try:
            key.verify(b64decode(found[1]), signed)
        except InvalidSignature:
            continue
        return
    raise SignatureError(f"the manifest is not signed with the key of {public_key}")


def _check_date(expires: str, now: datetime) -> None:
    """Checks the last day. A clock that was never set cannot say whether it is past."""
    if not expires:
        return
    try:
        date.fromisoformat(expires)
    except ValueError:
        raise SignatureError(
            f"the manifest expires on {expires}, which is no date: must be YYYY-MM-DD; sign it again"
        ) from None
    if not is_dated(now):
        raise SignatureError(
            f"the signature expires on {expires}, and the clock says {now:%Y-%m-%d}: it must be set first"
        )
    if f"{now:%Y-%m-%d}" > expires:
        raise SignatureError(f"the signature expired on {expires}, and it is {now:%Y-%m-%d}: get a newer one")


def _key(path: Path) -> Ed25519PublicKey:
    try:
        key = load_pem_public_key(durable.read(path, SIZE_LIMIT))
    except (OSError, ValueError) as error:
        raise SignatureError(f"firmware.public_key: {path}: cannot be read: {error}") from None
    if not isinstance(key, Ed25519PublicKey):
        raise SignatureError(f"firmware.public_key: {path}: must be an Ed25519 key")
    return key
