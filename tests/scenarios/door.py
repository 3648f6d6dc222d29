"""Whom the Central System of a scenario lets in: anybody, until `password SECRET` names the only one."""

from __future__ import annotations

from bridge.core.password import Password


class Door:
    """`SECRET` is in hex (upper case), or as it is where it is ASCII."""

    def __init__(self) -> None:
        self.opens_for: str | None = None

    def refuses(self, password: Password | None) -> bool:
        """HTTP 401."""
        return self.opens_for is not None and self.opens_for not in (in_hex(password), in_words(password))


def in_words(password: Password | None) -> str:
    """As a scenario's `expect password` says it."""
    if password is None:
        return "none"
    text = password.secret.decode("ascii", errors="replace")
    return text if text.isprintable() and text.isascii() else in_hex(password)


def in_hex(password: Password | None) -> str:
    return password.secret.hex().upper() if password is not None else "none"
