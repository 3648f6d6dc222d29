"""PURE: the configuration keys, said a second time beside the product's table, and the lines of a scenario
about all of them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle
from typing import Any

from tests.scenarios.script import Mode

NO_TEXT = (7, True, ["7"], {"of": "it"})  # ChangeConfiguration.value is a string: OCPP 1.6 6.7


@dataclass(frozen=True, slots=True)
class Row:
    """One key: its value at first start, another that it accepts, and some that it refuses."""

    name: str
    first: str
    written: str | None = None  # None: the key is read-only
    refused: tuple[str, ...] = ()
    native: tuple[str, str | None] | None = None  # the first two, where they differ
    cloud: bool = True  # False: native has it alone
    read_only_by: str = ""  # while that key has its written value

    def first_in(self, mode: Mode) -> str:
        return self.native[0] if self.native and mode == "native" else self.first

    def written_in(self, mode: Mode) -> str | None:
        return self.native[1] if self.native and mode == "native" else self.written


# In the order of GetConfiguration: that of the definition, then the alphabet.
ROWS = (
    Row("NumberOfConnectors", "1", refused=("2",)),
    Row(
        "SupportedFeatureProfiles",
        "Core,FirmwareManagement,LocalAuthListManagement,Reservation,SmartCharging,RemoteTrigger",
        refused=("Core",),
    ),
    Row(
        "WebSocketPingInterval",
        "30",
        "20",
        refused=("-1", "soon", "4294968"),
    ),
    Row("AuthorizeRemoteTxRequests", "true", "false", refused=("yes",)),
    Row("StopTransactionOnEVSideDisconnect", "true", refused=("false",)),
    Row("StopTransactionOnInvalidId", "true", "false", refused=("1",)),
    Row(
        "MeterValueSampleInterval",
        "120",
        "30",
        refused=("-1", "60.0", "4294968"),
        native=("0", "30"),
    ),
    Row(
        "HeartbeatInterval",
        "86400",
        "3600",
        refused=("", "1e3"),
    ),
    Row("ChargeProfileMaxStackLevel", "8", refused=("9",)),
    Row(
        "ChargingScheduleAllowedChargingRateUnit",
        "Current,Power",
        refused=("Power",),
        native=("Current", None),
    ),
    Row("ChargingScheduleMaxPeriods", "32", refused=("33",)),
    Row("MaxChargingProfilesInstalled", "24", refused=("25",)),
    Row("LocalPreAuthorize", "false", "true", refused=("maybe",), native=("true", "false")),
    Row("LocalAuthorizeOffline", "true", "false", refused=("",)),
    Row("SendLocalListMaxLength", "255", refused=("256",)),
    Row("FreeCharging", "false", "true", refused=("on",)),
    Row("FreeChargingIdTag", "", "04AABBCC", refused=("123456789012345678901",)),
    Row("LockCablePermanently", "false", "true", refused=("locked",)),
    Row("AllowOfflineTxForUnknownId", "false", "true", refused=("1",)),
    Row("AuthorizationCacheEnabled", "true", "false", refused=("enabled",)),
    Row("ClockAlignedDataInterval", "0", "3600", refused=("61",)),
    Row("ConnectionTimeOut", "60", "45", refused=("-1",)),
    Row("ConnectorPhaseRotation", "0.RST,1.RST", "0.TRS,1.TRS", refused=("2.RST",)),
    Row("ConnectorPhaseRotationMaxLength", "2", refused=("7",)),
    Row("ConnectorSwitch3to1PhaseSupported", "false", refused=("7",)),
    Row("GetConfigurationMaxKeys", "62", refused=("7",)),
    Row("LocalAuthListEnabled", "true", "false", refused=("",)),
    Row("LocalAuthListMaxLength", "1024", refused=("7",)),
    Row("MaxEnergyOnInvalidId", "0", "500", refused=("-1",)),
    Row("MessageTimeout", "10", "30", refused=("9",)),
    Row("MeterValuesAlignedData", "", "Voltage,Temperature", refused=("Everything",)),
    Row("MeterValuesAlignedDataMaxLength", "8", refused=("7",), native=("7", None)),
    Row(
        "MeterValuesSampledData",
        "Power.Active.Import,Energy.Active.Import.Register,Power.Offered,Current.Import",
        "Temperature,Power.Active.Import",
        refused=("Power.Active.Import,Everything",),
        native=("Energy.Active.Import.Register", "Temperature,Power.Active.Import"),
    ),
    Row("MeterValuesSampledDataMaxLength", "8", refused=("7",), native=("7", None)),
    Row("MinimumStatusDuration", "3", "0", refused=("0.5",)),
    Row("PowerActiveImportDeltaForEagerMeterValueSample", "0", "1000", refused=("1e3",)),
    Row("ReserveConnectorZeroSupported", "true", refused=("false",), cloud=False),
    Row("ResetRetries", "0", "3", refused=("256",)),
    Row("StopTransactionMaxMeterValues", "512", refused=("7",)),
    Row("StopTxnAlignedData", "", "Current.Offered", refused=("Voltage,Voltage",)),
    Row("StopTxnAlignedDataMaxLength", "8", refused=("7",), native=("7", None)),
    Row("StopTxnSampledData", "", "Energy.Active.Import.Register", refused=("Temperature,",)),
    Row("StopTxnSampledDataMaxLength", "8", refused=("7",), native=("7", None)),
    Row("SupportedFeatureProfilesMaxLength", "8", refused=("7",)),
    Row("SupportedFileTransferProtocols", "FTP,FTPS,HTTP,HTTPS", refused=("7",), native=("HTTP,HTTPS", None)),
    Row("TransactionMessageAttempts", "3", "5", refused=("256",)),
    Row("TransactionMessageRetryInterval", "60", "10", refused=("65536",)),
    Row(
        "UnlockConnectorOnEVSideDisconnect",
        "true",
        "false",
        refused=("no",),
        read_only_by="LockCablePermanently",
    ),
    Row("UseAuthorizationKeyWithoutDecoding", "false", "true", refused=("perhaps",)),
)


def begins_so(mode: Mode) -> Iterator[str]:
    """All are read: each has its value of the first start."""
    yield from _read(mode, [_entry(row, row.first_in(mode), row.written is None) for row in _known(mode)])


def refused(mode: Mode) -> Iterator[str]:
    """All are written with what they refuse."""
    for row in ROWS:
        for value in row.refused:
            yield f"> ChangeConfiguration {json.dumps({'key': row.name, 'value': value})}"
            yield "< Rejected" if row in _known(mode) else "< NotSupported"


def malformed(_mode: Mode) -> Iterator[str]:
    """All are written with a value that is no text."""
    for row, value in zip(ROWS, cycle(NO_TEXT), strict=False):
        yield f"> ChangeConfiguration {json.dumps({'key': row.name, 'value': value})}"
        yield "< CallError TypeConstraintViolation"


def written(mode: Mode) -> Iterator[str]:
    """All that can be are written, in small letters; from the last to the first, as a later one may turn
    another read-only."""
    for row in reversed(ROWS):
        if (value := row.written_in(mode)) is not None:
            yield f"> ChangeConfiguration {json.dumps({'key': row.name.lower(), 'value': value})}"
            yield "< Accepted"


def as_written(mode: Mode) -> Iterator[str]:
    """All are read: each has the value that was written, or its first."""
    entries = []
    for row in _known(mode):
        value = row.written_in(mode)
        read_only = value is None or bool(row.read_only_by)
        entries.append(_entry(row, row.first_in(mode) if value is None else value, read_only))
    yield from _read(mode, entries)


def _known(mode: Mode) -> list[Row]:
    return [row for row in ROWS if row.cloud or mode == "native"]


def _entry(row: Row, value: str, read_only: bool) -> dict[str, Any]:
    return {"key": row.name, "readonly": read_only, "value": value}


def _read(mode: Mode, entries: list[dict[str, Any]]) -> Iterator[str]:
    unknown = [row.name for row in ROWS if row not in _known(mode)] or None
    yield f"> GetConfiguration {json.dumps({'key': [row.name for row in ROWS]})}"
    yield f"< {json.dumps({'configurationKey': entries, 'unknownKey': unknown})}"
