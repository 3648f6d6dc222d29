"""The address that a Central System gives for an upload or a download."""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import quote, unquote, urlsplit


class LocationError(ValueError):
    """Says what is wrong with a location, without the address itself: that may contain a password."""


def checked(location: str, schemes: Collection[str]) -> str:
    """Returns the location, when it is an address of one of those schemes. Raises LocationError.

    Control characters are refused even when they are encoded: in an FTP path they would be commands.
    """
    allowed = ", ".join(schemes)
    try:
        parts = urlsplit(location)
        port = parts.port
    except ValueError as error:
        raise LocationError(f"location cannot be read: {error}") from None
    if parts.scheme not in schemes:
        raise LocationError(f"location's scheme is {parts.scheme[:20]!r}: must be one of {allowed}")
    if not parts.hostname or port == 0:
        raise LocationError("location names no host, or port 0")
    if any(not character.isprintable() or character == " " for character in location) or any(
        ord(character) < 32 or ord(character) == 127 for character in unquote(location)
    ):
        raise LocationError("location holds blanks or control characters")
    return location


def upload_target(location: str, file_name: str) -> tuple[str, str]:
    """Returns (address, file name there). OCPP 1.6 6.21: a location is a directory, to which by FTP the name
    is appended; one whose last part has a dot is taken for the file itself. HTTP posts to what it is given.
    """
    parts = urlsplit(location)
    if parts.scheme not in ("ftp", "ftps"):
        return location, file_name
    last = unquote(parts.path).rpartition("/")[2]
    if "." in last:
        return location, last
    path = f"{parts.path.rstrip('/')}/{quote(file_name, safe='')}"
    return parts._replace(path=path, query="", fragment="").geturl(), file_name
