"""The box's own certificate for https://, made on the box and kept in its state folder."""

from __future__ import annotations

import ssl
from collections.abc import Collection
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from bridge.local import private_file

FILE_NAME = "page.pem"  # key and certificate
# A box does not always know the time, and a browser is told once to trust this one: it does not end soon.
FIRST, LAST = datetime(2024, 1, 1, tzinfo=UTC), datetime(2049, 12, 31, tzinfo=UTC)


def context(folder: Path, names: Collection[str]) -> ssl.SSLContext:
    """Returns what a server needs; the certificate is made when none can be read. Raises OSError."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    path = folder / FILE_NAME
    try:
        made.load_cert_chain(path)
    except (OSError, ssl.SSLError):
        private_file.write(path, _made(names))
        made.load_cert_chain(path)
    return made


def _made(names: Collection[str]) -> bytes:
    """Returns key and certificate in PEM, for these names."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "evse-bridge")])
    alternatives = [x509.DNSName(name) for name in sorted(names) if name.isascii() and len(name) < 254]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(FIRST)
        .not_valid_after(LAST)
        .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ) + certificate.public_bytes(serialization.Encoding.PEM)
