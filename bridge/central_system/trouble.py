"""Why there is no connection, in one line for the owner: what is wrong and what to do."""

from __future__ import annotations

import socket
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from urllib.parse import urlsplit, urlunsplit

from websockets.exceptions import InvalidMessage, InvalidStatus

from hal.visible import visible

REFUSED_PASSWORD = HTTPStatus.UNAUTHORIZED
MOST_OF_LOCATION = 200  # characters of a redirect's address

# X509_V_ERR_... of OpenSSL's x509_vfy.h.
SELF_SIGNED = 18
UNKNOWN_AUTHORITY = (2, 19, 20, 21)
NOT_YET_VALID, EXPIRED = 9, 10
OTHER_NAME = (62, 64)


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempt to connect: the address, its time limit, with or without a password."""

    url: str
    wait_s: float
    with_password: bool

    @property
    def host(self) -> str:
        return urlsplit(self.url).hostname or ""


class NoOcppError(Exception):
    """There is no OCPP at that address; the text says why. `status`: that of an HTTP answer."""

    def __init__(self, why: str, status: int | None = None) -> None:
        super().__init__(visible(why))
        self.status = status


def since(moment: datetime | None) -> str:
    """Says when the link was lost."""
    return "now" if moment is None else f"{moment:%Y-%m-%d %H:%M:%S} UTC"


def shown(url: str) -> str:
    """Writes it for logs and pages: without the user and password that a URL may hold."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, parts.query, ""))


def cause(error: Exception, tried: Attempt) -> str:
    """Says in one line why the connection failed."""
    return visible(_cause(error, tried))


def _cause(error: Exception, tried: Attempt) -> str:
    match error:
        case InvalidStatus():
            return _refused(error.response.status_code, error.response.headers.get("Location"), tried)
        case InvalidMessage():
            return f"{_said(error)}: no WebSocket answers there, or it needs wss://"
        case ConnectionRefusedError():
            return "connection refused: nothing listens there"
        case socket.gaierror():
            return "the host name was not found"
        case ConnectionResetError() if tried.url.startswith("wss:"):
            return "cut the connection off: perhaps this port has no TLS, or only versions older than 1.2"
        case TimeoutError():
            return f"no answer within {tried.wait_s:g} s"
        case ssl.SSLCertVerificationError():
            return _not_trusted(error, tried)
        case ssl.SSLError(reason="WRONG_VERSION_NUMBER" | "HTTP_REQUEST" | "RECORD_LAYER_FAILURE"):
            return "this port has no TLS: set central_system.url to ws://, or to the port with TLS"
        case ssl.SSLError(reason=str(reason)):
            return f"no TLS connection: {reason.replace('_', ' ').lower()}; TLS 1.2 or newer is required"
        case _:
            return _said(error)


def http_status(error: Exception) -> int | None:
    """Names the status of an HTTP answer in place of a WebSocket."""
    return error.response.status_code if isinstance(error, InvalidStatus) else None


def _said(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__


def _refused(status: int, location: str | None, tried: Attempt) -> str:
    if status in range(300, 400):
        there = shown(location)[:MOST_OF_LOCATION] if location else "nowhere"
        return f"redirects to {there}, which is not followed: set central_system.url to the right address"
    if status == REFUSED_PASSWORD and not tried.with_password:
        return "requires a password (HTTP 401): set central_system.password"
    if status == REFUSED_PASSWORD:
        return (
            "refused the password (HTTP 401): central_system.password must be the one that it has for this "
            "charge_point.id"
        )
    if status == HTTPStatus.FORBIDDEN:
        return "refused this charge point (HTTP 403): is its charge_point.id known and allowed there?"
    if status == HTTPStatus.NOT_FOUND:
        return (
            "does not know this charge point or path (HTTP 404): compare central_system.url and "
            "charge_point.id with its own entry"
        )
    return f"answered HTTP {status} instead of a WebSocket"


def _not_trusted(error: ssl.SSLCertVerificationError, tried: Attempt) -> str:
    code = error.verify_code
    if code == SELF_SIGNED:
        return (
            "its certificate is self-signed and not known here: store it as a PEM file and name that in "
            "central_system.ca_file"
        )
    if code in UNKNOWN_AUTHORITY:
        return (
            "its certificate is signed by an authority that is not known here: name the PEM file of "
            "this authority in central_system.ca_file"
        )
    if code in OTHER_NAME:
        return (
            f"its certificate is not for {tried.host}: set central_system.url to the name that is in the "
            "certificate"
        )
    clock = f"this box's clock says {datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
    if code == EXPIRED:
        return f"its certificate has expired ({clock}): its operator must renew it"
    if code == NOT_YET_VALID:
        return f"its certificate is not valid yet ({clock}): set the clock"
    return f"its certificate is not trusted: {error.verify_message}"
