"""Credentials of a connection: Basic authentication (RFC 7617)."""

from __future__ import annotations

import base64

from bridge.core.password import Password


def basic(identity: str, password: Password | None) -> dict[str, str]:
    """Makes the header of OCPP-J 1.6 6.2: the password in bytes, whatever they are. Without one: none."""
    if password is None:
        return {}
    pair = identity.encode() + b":" + password.secret
    return {"Authorization": "Basic " + base64.b64encode(pair).decode()}
