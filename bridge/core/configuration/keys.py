"""OCPP 1.6 chapter 9: the configuration keys, every key a row.

A key is here only if its function exists. AuthorizationKey, which can only be written, is not here but
in `authorization_key`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bridge.core.configuration import phase_rotation
from bridge.core.configuration.authorization_key import AUTHORIZATION_KEY
from bridge.core.rows import INT32_MAX
from bridge.core.zaptec import MOST_PERIODS, MOST_PROFILES, TOP_STACK_LEVEL, Behaviour

LONGEST_INTERVAL_S = 4_294_967  # a Zaptec's own bound, 2**32 ms: about 49 days
DAY_S = 86_400
MOST_STOP_VALUES = 512  # a Zaptec's StopTransactionMaxMeterValues
UNKNOWN = "is not a configuration key of this charge point"


@dataclass(frozen=True, slots=True)
class Values:
    """What a key accepts: called, it returns the value in its stored form, or None when it is refused."""

    words: Callable[[Behaviour], str]  # after "must be "
    stored: Callable[[str, Behaviour], str | None]

    def __call__(self, value: str, behaviour: Behaviour) -> str | None:
        return self.stored(value, behaviour)


@dataclass(frozen=True, slots=True)
class Key:
    """Describes one key: its value at first start, and what may be written to it."""

    name: str
    first_value: Callable[[Behaviour], str]
    allowed: Values | None  # None: read-only
    exists: Callable[[Behaviour], bool] = lambda _behaviour: True


def _fixed(value: str) -> Callable[[Behaviour], str]:
    return lambda _behaviour: value


def _whole(low: int, high: int) -> Values:
    def stored(value: str, _behaviour: Behaviour) -> str | None:
        digits = value.strip()
        if not (digits.isascii() and digits.isdigit() and len(digits) <= 10):
            return None
        return str(int(digits)) if low <= int(digits) <= high else None

    return Values(_fixed(f"a whole number from {low} to {high}"), stored)


def _either(value: str, _behaviour: Behaviour) -> str | None:
    folded = value.strip().lower()
    return folded if folded in ("true", "false") else None


def _short(value: str, _behaviour: Behaviour) -> str | None:
    return value if len(value) <= 20 else None  # CiString20


def _all_or_nothing(value: str, behaviour: Behaviour) -> str | None:
    """Keeps the order; a phase may follow a measurand (Current.Import.L1)."""
    wanted = [part.strip() for part in value.split(",")] if value.strip() else []
    known = set(behaviour.measurands)
    known |= {f"{name}.{phase}" for name in ("Current.Import", "Voltage") for phase in behaviour.phases}
    if len(wanted) > behaviour.measurands_max or len(set(wanted)) != len(wanted) or not set(wanted) <= known:
        return None
    return ",".join(wanted)


def _dividing_a_day(value: str, behaviour: Behaviour) -> str | None:
    """Accepts what a Zaptec does: the instants are the same each day; 0 is off."""
    seconds = _whole(0, DAY_S)(value, behaviour)
    return seconds if seconds is not None and (seconds == "0" or DAY_S % int(seconds) == 0) else None


def _known_rotation(value: str, _behaviour: Behaviour) -> str | None:
    rotation = phase_rotation.rotation_of(value)
    known = rotation not in (None, phase_rotation.UNKNOWN)  # the box knows how many phases it has
    return phase_rotation.in_both(rotation) if rotation is not None and known else None


_boolean = Values(_fixed("true or false"), _either)
_id_tag = Values(_fixed("an idTag of at most 20 characters"), _short)
_measurands = Values(
    lambda b: f"at most {b.measurands_max} of {', '.join(b.measurands)}, each once, with commas between",
    _all_or_nothing,
)
_aligned_interval = Values(_fixed(f"seconds that divide a day of {DAY_S}, or 0"), _dividing_a_day)
_rotation = Values(_fixed("a phase rotation like 0.RST,1.RST"), _known_rotation)
_interval = _whole(0, LONGEST_INTERVAL_S)
# As a Go 2 orders them.
FEATURE_PROFILES = "Core,FirmwareManagement,LocalAuthListManagement,Reservation,SmartCharging,RemoteTrigger"

# The order of the product's definition first, then the alphabet.
KEYS: tuple[Key, ...] = (
    Key("NumberOfConnectors", _fixed("1"), None),
    Key("SupportedFeatureProfiles", _fixed(FEATURE_PROFILES), None),
    Key("WebSocketPingInterval", _fixed("30"), _interval),
    Key("AuthorizeRemoteTxRequests", _fixed("true"), _boolean),
    Key("StopTransactionOnEVSideDisconnect", _fixed("true"), None),
    Key("StopTransactionOnInvalidId", _fixed("true"), _boolean),
    Key("MeterValueSampleInterval", lambda b: str(b.sample_interval_s), _interval),
    Key("HeartbeatInterval", _fixed("86400"), _interval),
    Key("ChargeProfileMaxStackLevel", _fixed(str(TOP_STACK_LEVEL)), None),  # spelled so in the definition
    Key("ChargingScheduleAllowedChargingRateUnit", lambda b: b.rate_units, None),
    Key("ChargingScheduleMaxPeriods", _fixed(str(MOST_PERIODS)), None),
    Key("MaxChargingProfilesInstalled", _fixed(str(MOST_PROFILES)), None),
    Key("LocalPreAuthorize", lambda b: "true" if b.pre_authorizes else "false", _boolean),
    Key("LocalAuthorizeOffline", _fixed("true"), _boolean),
    Key("SendLocalListMaxLength", _fixed("255"), None),
    Key("FreeCharging", _fixed("false"), _boolean),
    Key("FreeChargingIdTag", _fixed(""), _id_tag),
    Key("LockCablePermanently", _fixed("false"), _boolean),
    Key("AllowOfflineTxForUnknownId", _fixed("false"), _boolean),
    Key("AuthorizationCacheEnabled", _fixed("true"), _boolean),
    Key("ClockAlignedDataInterval", _fixed("0"), _aligned_interval),
    Key("ConnectionTimeOut", _fixed("60"), _interval),
    Key("ConnectorPhaseRotation", _fixed(phase_rotation.in_both(phase_rotation.UNKNOWN)), _rotation),
    Key("ConnectorPhaseRotationMaxLength", _fixed("2"), None),
    Key("ConnectorSwitch3to1PhaseSupported", _fixed("false"), None),
    Key("GetConfigurationMaxKeys", _fixed("62"), None),
    Key("LocalAuthListEnabled", _fixed("true"), _boolean),
    Key("LocalAuthListMaxLength", _fixed("1024"), None),
    Key("MaxEnergyOnInvalidId", _fixed("0"), _whole(0, INT32_MAX)),
    Key("MessageTimeout", _fixed("10"), _whole(10, 3600)),
    Key("MeterValuesAlignedData", _fixed(""), _measurands),
    Key("MeterValuesAlignedDataMaxLength", lambda b: str(b.measurands_max), None),
    Key("MeterValuesSampledData", lambda b: b.sampled_measurands, _measurands),
    Key("MeterValuesSampledDataMaxLength", lambda b: str(b.measurands_max), None),
    Key("MinimumStatusDuration", _fixed("3"), _interval),
    Key("PowerActiveImportDeltaForEagerMeterValueSample", _fixed("0"), _whole(0, INT32_MAX)),
    Key("ReserveConnectorZeroSupported", _fixed("true"), None, lambda b: b.full_reservations),
    Key("ResetRetries", _fixed("0"), _whole(0, 255)),
    Key("StopTransactionMaxMeterValues", _fixed(str(MOST_STOP_VALUES)), None),
    Key("StopTxnAlignedData", _fixed(""), _measurands),
    Key("StopTxnAlignedDataMaxLength", lambda b: str(b.measurands_max), None),
    Key("StopTxnSampledData", _fixed(""), _measurands),
    Key("StopTxnSampledDataMaxLength", lambda b: str(b.measurands_max), None),
    Key("SupportedFeatureProfilesMaxLength", _fixed("8"), None),
    Key("SupportedFileTransferProtocols", lambda b: b.transfer_protocols, None),
    Key("TransactionMessageAttempts", _fixed("3"), _whole(0, 255)),
    Key("TransactionMessageRetryInterval", _fixed("60"), _whole(0, 65_535)),
    Key("UnlockConnectorOnEVSideDisconnect", _fixed("true"), _boolean),
    Key("UseAuthorizationKeyWithoutDecoding", _fixed("false"), _boolean),
)
_BY_NAME = {key.name.lower(): key for key in KEYS}  # OCPP 1.6: key names are CiString


def known_keys() -> dict[str, bool]:
    """Maps a name to writable, for checking `[ocpp.keys]` of charge-point.toml."""
    return {key.name: key.allowed is not None for key in KEYS}


def first_value_fault(name: str, value: str, behaviour: Behaviour) -> str | None:
    """Says why `[ocpp.keys]` cannot set this; None when it can."""
    key = _BY_NAME.get(name.lower())
    if name.lower() == AUTHORIZATION_KEY.lower():
        return "is given by central_system.password"
    if key is None:
        return UNKNOWN
    if key.allowed is None:
        return "is read-only"
    accepted = key.allowed(value, behaviour) is not None
    return None if accepted else f"must be {key.allowed.words(behaviour)}"
