"""Payloads, right and wrong ones, and what `frames` says of them."""

from __future__ import annotations

from typing import Any

from bridge.central_system.frames import OcppError, check_request

Payload = dict[str, Any]


def charging_profile(limit: object) -> Payload:
    """A default of all sessions, in amps, from its receipt on."""
    return {
        "chargingProfileId": 1,
        "stackLevel": 0,
        "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Absolute",
        "chargingSchedule": {
            "chargingRateUnit": "A",
            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": limit}],
        },
    }


def profile(limit: object, **more: object) -> Payload:
    return {"connectorId": 1, "csChargingProfiles": charging_profile(limit), **more}


def code_of(action: str, payload: Payload) -> str | None:
    try:
        check_request(action, payload)
    except OcppError as error:
        told = error
    else:
        return None
    assert 0 < len(told.description) <= 255
    return told.code
