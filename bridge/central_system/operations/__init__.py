"""PURE: what the Central System asks. An operation returns its answer; what it leads to is sent after it."""

from __future__ import annotations

from collections.abc import Callable

from bridge.central_system.operations import (
    cache,
    core,
    firmware,
    local_list,
    reservation,
    smart_charging,
    trial,
    trigger,
)
from bridge.central_system.operations.question import Answer, Later, Own, Question

__all__ = ["SUPPORTED", "Answer", "Later", "Own", "Question", "answer"]

_OPERATIONS: dict[str, Callable[[Question], Answer | Later]] = {
    "CancelReservation": reservation.cancel_reservation,
    "ChangeAvailability": core.change_availability,
    "ChangeConfiguration": core.change_configuration,
    "ClearCache": cache.clear_cache,
    "ClearChargingProfile": smart_charging.clear_charging_profile,
    "DataTransfer": core.data_transfer,
    "GetCompositeSchedule": smart_charging.get_composite_schedule,
    "GetConfiguration": core.get_configuration,
    "GetLocalListVersion": local_list.get_local_list_version,
    "GetDiagnostics": firmware.get_diagnostics,
    "RemoteStartTransaction": core.remote_start,
    "RemoteStopTransaction": core.remote_stop,
    "ReserveNow": reservation.reserve_now,
    "Reset": core.reset,
    "SendLocalList": local_list.send_local_list,
    "SetChargingProfile": smart_charging.set_charging_profile,
    "TriggerMessage": trigger.trigger_message,
    "UnlockConnector": core.unlock_connector,
    "UpdateFirmware": firmware.update_firmware,
}
SUPPORTED: frozenset[str] = frozenset(_OPERATIONS)


def answer(action: str, question: Question) -> Answer | Later:
    """Carries out an action of `SUPPORTED` whose payload has passed its schema. Raises OcppError."""
    if question.charge_point.service.on_trial and action in trial.REFUSALS:
        return trial.refused(action, question)
    return _OPERATIONS[action](question)
