"""PURE: what is answered while a new version is on trial: who would change what is stored is refused.

RemoteStartTransaction, ReserveNow and UnlockConnector refuse by themselves: connector 1 is Unavailable.
"""

from __future__ import annotations

from bridge.central_system.frames import OcppError
from bridge.central_system.operations.question import Answer, Question
from bridge.central_system.schemas import Payload

# Each with the operation's own word for no (OCPP 1.6 7). None: it has no such word, or one that says more:
# Unknown of ClearChargingProfile says that nothing was to be cleared.
REFUSALS: dict[str, Payload | None] = {
    "CancelReservation": {"status": "Rejected"},
    "ChangeAvailability": {"status": "Rejected"},
    "ChangeConfiguration": {"status": "Rejected"},
    "ClearCache": {"status": "Rejected"},
    "ClearChargingProfile": None,
    "GetDiagnostics": {},  # no file: an upload would end with a version that is taken back
    "RemoteStopTransaction": {"status": "Rejected"},
    "Reset": {"status": "Rejected"},
    "SendLocalList": {"status": "Failed"},
    "SetChargingProfile": {"status": "Rejected"},
    "UpdateFirmware": None,
}


def refused(action: str, question: Question) -> Answer:
    """Answers an action of REFUSALS, with a line in the log. Raises OcppError where there is no word."""
    why = f"{question.charge_point.service.trial}: ask again when that is over"
    payload = REFUSALS[action]
    if payload is None:
        raise OcppError("GenericError", why)
    return Answer(payload, note=f"{action} is refused: {why}")
