"""How a fault is reported to the Central System: OCPP errorCode, Zaptec warning bit, our words."""

from __future__ import annotations

from dataclasses import dataclass

from bridge.core.box_view import BoxView
from bridge.core.service import Service


@dataclass(frozen=True, slots=True)
class Report:
    """The error part of a StatusNotification. `info` has at most 50 characters."""

    error_code: str = "NoError"
    info: str | None = None
    vendor_error_code: str | None = None


NO_ERROR = Report()

# Bits of Zaptec's warning word (Go/Go 2), in decimal, as a Go writes them in vendorErrorCode.
TEMPERATURE = "2"
TEMPERATURE_ERROR = "4"
EMETER_NO_RESPONSE = "8"
MAX_SESSION_RESTART = "16"
CHARGE_OVERCURRENT = "32"
PILOT_STATE = "64"
LOW_LEVEL_12V = "128"
PILOT_LOW_LEVEL = "256"
RCD_6MA = "4096"
RCD_TEST_6MA = "65536"
PILOT_NO_PROXIMITY = "8388608"
EMETER_ALARM = "16777216"
SERVO = "536870912"
RELAY_WELDED = "562949953421312"

RESET_FAILURE = Report("ResetFailure", "Restart did not succeed")
NOT_RECORDED = Report("InternalError", "Disk cannot be written: nothing new is started")
LIST_CONFLICT = Report("LocalListConflict", "The local list disagrees about an idTag")

# The contactor is open under each of the pilot's faults, so the status is Faulted, in which OCPP 1.6 7.6 has
# no place for EVCommunicationError ("not a real error"): OtherError, as a Zaptec does.
_REPORTS: dict[str, Report] = {
    "welded": Report("PowerSwitchFailure", "Contactor does not open: call an electrician", RELAY_WELDED),
    "did_not_close": Report("PowerSwitchFailure", "Contactor did not close"),
    "watchdog_line": Report("PowerSwitchFailure", "Watchdog circuit of the contactor has failed"),
    # the car's doing, not the box's
    "contactor_cycling": Report(info="Contactor switched too often: it pauses"),
    "diode_missing": Report("OtherError", "Car does not answer properly: no diode seen", PILOT_LOW_LEVEL),
    "pilot_short": Report("OtherError", "Control pilot shorted: check car and cable", PILOT_STATE),
    "pilot_out_of_range": Report("OtherError", "Control pilot out of range", PILOT_STATE),
    "pilot_circuit": Report("InternalError", "Pilot circuit of the box has failed", LOW_LEVEL_12V),
    "pilot_source": Report("InternalError", "Pilot source is not at 12 V", LOW_LEVEL_12V),
    "pilot_noise": Report("OtherError", "Noise on the control pilot: check the wiring", PILOT_STATE),
    "not_closing": Report("InternalError", "Contactor does not close: run evse-bridge doctor"),
    "ventilation": Report("OtherError", "Car asks for ventilation: not available here", PILOT_STATE),
    "proximity_implausible": Report("OtherError", "Cable coding cannot be read", PILOT_NO_PROXIMITY),
    "rating_lost": Report("OtherError", "Cable coding lost", PILOT_NO_PROXIMITY),
    "plug_lost": Report("OtherError", "Plug was pulled while charging", PILOT_NO_PROXIMITY),
    "lock_failed": Report("ConnectorLockFailure", "Cable lock did not close", SERVO),
    "lock_opened": Report("ConnectorLockFailure", "Cable lock opened while charging", SERVO),
    "unlock_failed": Report("ConnectorLockFailure", "Cable lock did not open", SERVO),
    "over_current": Report("OverCurrentFailure", "Car drew more than offered", CHARGE_OVERCURRENT),
    "over_temperature": Report("HighTemperature", "Too hot: waiting to cool", TEMPERATURE),
    "overheated": Report("HighTemperature", "Too hot: waiting to cool", TEMPERATURE),
    "thermometer_lost": Report("InternalError", "Thermometer does not answer", TEMPERATURE_ERROR),
    "rcm_trip": Report("GroundFailure", "Fault current seen: check car and cable", RCD_6MA),
    "rcm_test_failed": Report("GroundFailure", "Residual current monitor failed its test", RCD_TEST_6MA),
    "emergency_stop": Report("InternalError", "Emergency stop: release it, then clear it"),
    "stop_circuit": Report("InternalError", "Stop button held, or its wire is cut"),
    "meter_lost": Report("PowerMeterFailure", "Meter does not answer", EMETER_NO_RESPONSE),
    "meter_implausible": Report("PowerMeterFailure", "Meter values cannot be right", EMETER_ALARM),
    "reader_lost": Report("ReaderFailure"),  # a Zaptec sends it without info
    "under_voltage": Report("InternalError", "Supply of the computer is too low"),
    "hal_restarting": Report(
        "InternalError", "Restarted too often: a person must clear it", MAX_SESSION_RESTART
    ),
}
_LAST = ("InternalError", "NoError")  # what says less than another errorCode
_INTERNAL = Report("InternalError", "Internal fault: run evse-bridge doctor")


def report(fault_id: str) -> Report:
    """Returns the row of a fault; without a row: InternalError without vendorErrorCode."""
    return _REPORTS.get(fault_id, _INTERNAL)


def error(box: BoxView, service: Service) -> Report:
    """Returns the first of what is wrong, for StatusNotification."""
    return next(iter(wrongs(box, service)), NO_ERROR)


def wrongs(box: BoxView, service: Service) -> list[Report]:
    """Lists all that is, once each: opening faults, what has a code of its own, what is internal."""
    opening = [report(fault.id) for fault in box.opening_faults]
    others = [report(fault.id) for fault in box.faults if not fault.opens]
    if not service.recorded:
        others.append(NOT_RECORDED)
    others.sort(key=lambda one: _LAST.index(one.error_code) if one.error_code in _LAST else -1)
    return list(dict.fromkeys(opening + others))
