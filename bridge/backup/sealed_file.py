"""The form of a backup file: encrypted with a passphrase, authenticated as a whole, with a version.

    evse-bridge backup
    {"version":1,"n":65536,"r":8,"p":1,"salt":"...","nonce":"..."}
    ciphertext (ChaCha20-Poly1305), then 32 bytes: SHA-256 of all before them

The two lines are authenticated with the ciphertext. The checksum tells a damaged file from a wrong
passphrase; it protects nothing. Each later version keeps first line, `version` and checksum.
"""

from __future__ import annotations

import hashlib
import os
from typing import Annotated

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from msgspec import Meta

from bridge.backup.errors import BackupError

VERSION = 1
MAGIC = b"evse-bridge backup\n"
MOST_BYTES = 128 * 2**20  # read whole into memory; a Pi Zero 2 W has 512 MiB
SHORTEST_PASSPHRASE = 8
_HEADER_MOST_BYTES = 1024
_CHECKSUM_BYTES = hashlib.sha256().digest_size
_KEY_BYTES = 32  # RFC 8439 2.8: key and nonce of ChaCha20-Poly1305, which needs no AES in hardware: a Pi 3
_NONCE_BYTES = 12  # and 4 have none
_SALT_BYTES = 16  # RFC 7914 11


class Cost(msgspec.Struct, frozen=True, kw_only=True):
    """The cost of one guess of the passphrase, RFC 7914 2: memory is 128 r n bytes, 64 MiB here."""

    n: Annotated[int, Meta(ge=2, le=2**17)] = 2**16
    r: Annotated[int, Meta(ge=1, le=8)] = 8
    p: Annotated[int, Meta(ge=1, le=4)] = 1


USUAL_COST = Cost()


class _Header(Cost, frozen=True, kw_only=True):
    version: int
    salt: bytes
    nonce: bytes


class _Versioned(msgspec.Struct, frozen=True):
    """What each version of the header has."""

    version: int


class Passphrase:
    """A passphrase that shows itself in no log and no traceback."""

    def __init__(self, text: str, cost: Cost = USUAL_COST) -> None:
        """`cost`: of what is sealed with it. Raises BackupError for one that is too short."""
        if len(text) < SHORTEST_PASSPHRASE:
            raise BackupError(
                f"the passphrase has {len(text)} characters: {SHORTEST_PASSPHRASE} at least are needed"
            )
        self._text = text
        self.cost = cost

    def is_same(self, other: Passphrase) -> bool:
        """Says whether both were typed alike."""
        return self._text == other._text

    def key(self, salt: bytes, cost: Cost) -> bytes:
        """Derives the key, in about a second on a Raspberry Pi."""
        try:
            scrypt = Scrypt(salt=salt, length=_KEY_BYTES, n=cost.n, r=cost.r, p=cost.p)
            return scrypt.derive(self._text.encode("utf-8", "surrogateescape"))
        except (ValueError, MemoryError) as error:  # RFC 7914 2 forbids some numbers, too
            raise BackupError(
                f"no key can be derived with n={cost.n}, r={cost.r}, p={cost.p}: {error}"
            ) from None


def seal(content: bytes, passphrase: Passphrase) -> bytes:
    """Returns the file. Raises BackupError for more than a restore would read."""
    cost = passphrase.cost
    salt, nonce = os.urandom(_SALT_BYTES), os.urandom(_NONCE_BYTES)
    header = _Header(version=VERSION, salt=salt, nonce=nonce, n=cost.n, r=cost.r, p=cost.p)
    before = MAGIC + msgspec.json.encode(header) + b"\n"
    encrypted = ChaCha20Poly1305(passphrase.key(salt, cost)).encrypt(nonce, content, before)
    sealed = before + encrypted
    sealed += hashlib.sha256(sealed).digest()
    if len(sealed) > MOST_BYTES:
        raise BackupError(f"the backup would have {len(sealed)} bytes: a restore reads {MOST_BYTES} at most")
    return sealed


def unseal(sealed: bytes, passphrase: Passphrase) -> bytes:
    """Returns the content. Raises BackupError that says what is wrong with the file or the passphrase."""
    header, before, encrypted = _parted(sealed)
    try:
        key = passphrase.key(header.salt, header)
        return ChaCha20Poly1305(key).decrypt(header.nonce, encrypted, before)
    except InvalidTag:
        raise BackupError("the passphrase is wrong (the file is whole)") from None
    except ValueError as error:  # the nonce is too short
        raise BackupError(f"the header is not that of a backup: {error}") from None


def _parted(sealed: bytes) -> tuple[_Header, bytes, bytes]:
    if not sealed.startswith(MAGIC[: len(sealed)]) or not sealed:
        raise BackupError("is no backup of evse-bridge")
    whole, checksum = sealed[:-_CHECKSUM_BYTES], sealed[-_CHECKSUM_BYTES:]
    if hashlib.sha256(whole).digest() != checksum:
        raise BackupError("is damaged or cut short: take another copy of it, or an older backup")
    line, end, encrypted = whole[len(MAGIC) :].partition(b"\n")
    if not end or len(line) > _HEADER_MOST_BYTES:
        raise BackupError("has no header of a backup")
    return _header(line), MAGIC + line + end, encrypted


def _header(line: bytes) -> _Header:
    try:
        version = msgspec.json.decode(line, type=_Versioned).version
        if version > VERSION:
            raise BackupError(
                f"is a backup of form {version}, made by a newer evse-bridge: this one reads form {VERSION} "
                "at most; install the newer version here first"
            )
        if version < 1:
            raise BackupError(f"is a backup of form {version}, which there never was")
        return msgspec.json.decode(line, type=_Header)
    except (ValueError, RecursionError) as error:
        raise BackupError(f"has no header of a backup: {error}") from None
