"""The way to the Central System, step by step: name, TCP, TLS, WebSocket. Nothing is judged."""

from __future__ import annotations

import socket
import ssl
import time
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from bridge.central_system.handshake import LinkSettings, connected
from bridge.central_system.trouble import NoOcppError
from bridge.doctor.central_system import Certificate, Handshake, Target

PATIENCE_S = 10.0


def target(url: str) -> Target:
    """Reads a checked `ws://` or `wss://` address. Raises ValueError for a port beyond 65535."""
    parts = urlsplit(url)
    tls = parts.scheme == "wss"
    return Target(parts.hostname or "", parts.port or (443 if tls else 80), tls)


def addresses(where: Target) -> tuple[str, ...]:
    """Returns what the name means, in the system's order of preference. Raises OSError."""
    found = socket.getaddrinfo(where.host, where.port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))


def reached_s(where: Target) -> float:
    """Measures how long TCP takes. Raises OSError."""
    began_s = time.monotonic()
    with socket.create_connection((where.host, where.port), PATIENCE_S):
        return time.monotonic() - began_s


def certificate(where: Target, context: ssl.SSLContext) -> Certificate:
    """Verifies it with that and against the name. Raises OSError, of which ssl.SSLError is one."""
    with (
        socket.create_connection((where.host, where.port), PATIENCE_S) as plain,
        context.wrap_socket(plain, server_hostname=where.host) as secured,
    ):
        shown: dict[str, Any] = dict(secured.getpeercert() or {})
        issuer = dict(pair for part in shown.get("issuer", ()) for pair in part)
        ends_s = ssl.cert_time_to_seconds(str(shown["notAfter"]))
        name = issuer.get("organizationName") or issuer.get("commonName") or "unknown"
        return Certificate(secured.version() or "", name, datetime.fromtimestamp(ends_s, UTC))


async def tried(settings: LinkSettings) -> Handshake:
    """Tries a whole handshake, closed at once. Only while the bridge is offline: a Central System may drop
    the older of two connections of one charge point."""
    try:
        connection = await connected(settings)
    except NoOcppError as error:
        return Handshake(str(error), error.status)
    await connection.close()
    return Handshake()
