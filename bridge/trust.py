"""Trust of a connection with TLS: the authorities that vouch for the other end."""

from __future__ import annotations

import ssl
from pathlib import Path

from hal import durable

CENTRAL_SYSTEM = "central_system.ca_file"


class TrustError(OSError):
    """The file of a setting `ca_file` cannot be used; says which, and why."""


def tls_context(ca_file: Path | None = None) -> ssl.SSLContext:
    """Checks certificates and host names; TLS 1.2 or newer is required (RFC 8996).

    Trusts the system's authorities, or those of one file. Raises OSError, of which ssl.SSLError is one.
    """
    context = ssl.create_default_context(cafile=ca_file)
    context.minimum_version = ssl.TLSVersion.TLSv1_2  # Debian's Python leaves this to OpenSSL's settings
    return context


CA_MOST_BYTES = 16 * 2**20  # all authorities of Debian are 0.2 MB


class Trust:
    """Holds the authorities that TLS connections trust: the system's, or only those of one PEM file.

    One context is made at the first use and kept: the system's authorities take memory and, on a small Pi, a
    good part of a second. A file that has changed is read again: a renewed certificate needs no restart.
    """

    def __init__(self, ca_file: Path | None, setting: str = CENTRAL_SYSTEM) -> None:
        """Takes the file, and the name of the key that names it."""
        self._ca_file = ca_file
        self._setting = setting
        self._made: tuple[int | None, ssl.SSLContext] | None = None

    def context(self) -> ssl.SSLContext:
        """Returns the TLS settings, read again when a file has changed. Raises TrustError."""
        version = self._version()
        if self._made is None or self._made[0] != version:
            self._made = version, self._new()
        return self._made[1]

    def _version(self) -> int | None:
        if self._ca_file is None:
            return None
        try:
            return self._ca_file.stat().st_mtime_ns
        except OSError as error:
            raise _unusable(self._setting, self._ca_file, error) from None

    def _new(self) -> ssl.SSLContext:
        if self._ca_file is None:
            return tls_context()
        try:
            durable.read(self._ca_file, CA_MOST_BYTES)  # OpenSSL would wait for a pipe
            context = tls_context(self._ca_file)
        except OSError as error:
            raise _unusable(self._setting, self._ca_file, error) from None
        if not context.get_ca_certs():
            raise _unusable(self._setting, self._ca_file, None)
        return context


def _unusable(setting: str, path: Path, error: OSError | None) -> TrustError:
    if isinstance(error, ssl.SSLError) or error is None:
        why = "holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)"
    else:
        why = f"cannot be read: {error.strerror or error}"
    return TrustError(f"{setting}: {path}: {why}")


def ca_file_fault(path: Path) -> str | None:
    """Says why this file of authorities cannot be used; None when it can."""
    try:
        Trust(path).context()
    except TrustError as error:
        return str(error).removeprefix(f"{CENTRAL_SYSTEM}: {path}: ")
    return None
