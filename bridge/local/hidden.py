"""PURE: what a message says without its secrets: passwords, keys, the login and the query of an address.

What nothing names as a secret cannot be known as one: the `data` of a DataTransfer for example.
"""

from __future__ import annotations

import re
from typing import Any

HIDDEN = "***"
# Of a key, a field or a sentence. An idToken is a card, which the log names too.
_SECRET = re.compile(
    r"authorization[_-]?key|passw|passphrase|secret|(?<!id)token|credential|(private|api)[_-]?key|psk",
    re.IGNORECASE,
)
_HARMLESS = "useauthorizationkeywithoutdecoding"  # its value is true or false
_NAME = re.compile(r"\s*[\w.-]{1,50}\s*")  # of a configuration key: OCPP 1.6 6.7
_NAMING = ("key", "messageId", "name", "variable")  # fields that name what another field holds
_LOGIN = re.compile(r"(:[/\\]*).*@", re.DOTALL)  # up to the last @: a password may hold any other sign
_QUERY = re.compile(r"(://[^?#]*)([?#]).*", re.DOTALL)  # of a presigned address it is the secret
_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})")


def is_secret(name: str) -> bool:
    """Says whether a key or a field of that name holds a secret, or a sentence speaks of one."""
    return _SECRET.search(name) is not None and name.strip().lower() != _HARMLESS


def without_secrets(value: Any) -> Any:
    """Returns JSON of the same shape. Beside the name of a secret every other value is hidden. Raises
    RecursionError for what is nested too deeply."""
    match value:
        case dict():
            return _fields(value)
        case list():
            return [without_secrets(each) for each in value]
        case str():
            return _text(value)
        case _:
            return value


def _fields(fields: dict[str, Any]) -> dict[str, Any]:
    beside = any(_names_secret(name, value) for name, value in fields.items())
    shown: dict[str, Any] = {}
    for name, value in fields.items():
        if _names_secret(name, value):
            shown[name] = value
        elif is_secret(name) or (beside and not isinstance(value, bool)):
            shown[name] = HIDDEN
        else:
            shown[name] = without_secrets(value)
    return shown


def _names_secret(field: str, value: object) -> bool:
    """Says whether this field names a secret, whose value then stands beside it."""
    if is_secret(field) or not isinstance(value, str) or not _NAME.fullmatch(value):
        return False
    return is_secret(value) and (field in _NAMING or "authorizationkey" in value.lower())


def _text(text: str) -> str:
    """Hides a text that speaks of a secret and is no mere name; of an address, its login and its query."""
    if _NAME.fullmatch(text):
        return text
    shown = _address(text)
    return HIDDEN if is_secret(shown) else shown


def _address(text: str) -> str:
    if "@" in text and ":" in text:
        text = _LOGIN.sub(rf"\1{HIDDEN}@", text) if "://" in text else f"{HIDDEN}@{text.rpartition('@')[2]}"
    return _QUERY.sub(rf"\1\2{HIDDEN}", text)


def may_hold_secret(text: str) -> bool:
    """Judges what cannot be read, or is cut anywhere: a value may stand there without its name."""
    plain = _ESCAPE.sub(lambda found: chr(int(found[1], 16)), text).replace("\\/", "/").lower()
    return "changeconfiguration" in plain or "://" in plain or "@" in plain or is_secret(plain)
