"""The password of Basic authentication, and the two forms in which a Central System may write one."""

from __future__ import annotations

from dataclasses import dataclass, field

SHORTEST, LONGEST = 16, 40  # characters of a key as it is written: a Zaptec's bounds


@dataclass(frozen=True, slots=True)
class Password:
    """Bytes, since a key is hex for any bytes."""

    secret: bytes = field(repr=False)

    @classmethod
    def of_text(cls, text: str) -> Password | None:
        """Makes a password; None for an empty text."""
        return cls(text.encode()) if text else None


def decoded(value: str) -> Password | None:
    """OCPP-J 1.6 6.2: hex. None when it is not, or of another length than is allowed."""
    digits = value.isascii() and all(character in "0123456789abcdefABCDEF" for character in value)
    whole = SHORTEST <= len(value) <= LONGEST and len(value) % 2 == 0
    return Password(bytes.fromhex(value)) if digits and whole else None


def verbatim(value: str) -> Password | None:
    """Takes a text as it is, without control characters (RFC 7617)."""
    return Password.of_text(value) if SHORTEST <= len(value) <= LONGEST and value.isprintable() else None
