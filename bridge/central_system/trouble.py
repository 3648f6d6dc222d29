"""Why there is no connection, in one line for the owner."""

from __future__ import annotations

import socket
import ssl
from datetime import datetime

from websockets.exceptions import InvalidStatus


class NoOcppError(Exception):
    """No OCPP is to be had at that address; the text says why. `status`: of an HTTP answer in its place."""

    def __init__(self, why: str, status: int | None = None) -> None:
        super().__init__(why)
        self.status = status


def since(moment: datetime | None) -> str:
    """When the link was lost."""
    return "now" if moment is None else f"{moment:%Y-%m-%d %H:%M:%S} UTC"


def cause(error: Exception, wait_s: float) -> str:
    """In one line, for the owner."""
    match error:
        case InvalidStatus():
            return _refused(error.response.status_code, error.response.headers.get("Location"))
        case ConnectionRefusedError():
            return "connection refused: nothing listens there"
        case socket.gaierror():
            return "the host name was not found"
        case TimeoutError():
            return f"no answer within {wait_s:g} s"
        case ssl.SSLCertVerificationError():
            return f"its certificate is not trusted: {error.verify_message}"
        case _:
            return " ".join(str(error).split()) or type(error).__name__


def http_status(error: Exception) -> int | None:
    """Of an HTTP answer in place of a WebSocket."""
    return error.response.status_code if isinstance(error, InvalidStatus) else None


def _refused(status: int, location: str | None) -> str:
    if status in range(300, 400):
        return f"redirects to {location}, which is not followed: set central_system.url to the right address"
    if status == 401:
        return "refused the password (HTTP 401)"
    if status == 404:
        return "does not know this charge point or path (HTTP 404)"
    return f"answered HTTP {status} instead of a WebSocket"
