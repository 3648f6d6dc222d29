"""PURE: the configuration keys as the owner sees them: value, where it is from, and what it does."""

from __future__ import annotations

from bridge.core.charge_point import ChargePoint
from bridge.core.configuration.authorization_key import ALLOWED, AUTHORIZATION_KEY
from bridge.local.key_meanings import MEANINGS
from bridge.local.orders import Key, Keys


def listed(charge_point: ChargePoint) -> Keys:
    """Returns all keys in the order of GetConfiguration; then the password, which has no value here."""
    readable = [
        Key(
            name=key.name,
            value=key.value,
            readonly=key.read_only,
            source=key.source,
            meaning_en=MEANINGS[key.name],
            allowed=key.allowed,
        )
        for key in charge_point.configuration.shown()
    ]
    password = Key(
        name=AUTHORIZATION_KEY,
        value=None,
        readonly=False,
        source=charge_point.passwords.source,
        meaning_en=MEANINGS[AUTHORIZATION_KEY],
        allowed=ALLOWED,
    )
    return Keys((*readable, password))
