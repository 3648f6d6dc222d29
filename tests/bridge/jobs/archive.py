"""A firmware archive that is really signed, and ways to spoil it."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


class Signer:
    """Has a key, and signs."""

    def __init__(self) -> None:
        self._key = Ed25519PrivateKey.generate()

    def public_key(self, folder: Path) -> Path:
        path = folder / "firmware.pem"
        pem = self._key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        path.write_bytes(pem)
        return path

    def manifest(self, archive: bytes, version: str = "1.2", size: int | None = None, box: str = "") -> bytes:
        """`box`: the lines that say for which it is."""
        return self.signed(
            f"evse-bridge firmware\nversion {version}\n{box}"
            f"size {len(archive) if size is None else size}\n"
            f"sha256 {hashlib.sha256(archive).hexdigest()}\n"
        )

    def signed(self, said: str) -> bytes:
        return said.encode() + self.signature(said)

    def signature(self, said: str) -> bytes:
        return b"signature " + b64encode(self._key.sign(said.encode())) + b"\n"
