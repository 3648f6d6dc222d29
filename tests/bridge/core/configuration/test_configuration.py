"""OCPP 1.6 chapter 9, 5.3 and 5.8: the keys, their first values, and what may be written to them."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.configuration.configuration import Configuration
from bridge.core.configuration.keys import KEYS, first_value_fault, known_keys
from bridge.core.rows import Remembered
from bridge.core.zaptec import CLOUD, NATIVE, Behaviour

# The definition's list, in its order and spelling.
DEFINITION = (
    "NumberOfConnectors", "SupportedFeatureProfiles", "WebSocketPingInterval", "AuthorizeRemoteTxRequests",
    "StopTransactionOnEVSideDisconnect", "StopTransactionOnInvalidId", "MeterValueSampleInterval",
    "HeartbeatInterval", "ChargeProfileMaxStackLevel", "ChargingScheduleAllowedChargingRateUnit",
    "ChargingScheduleMaxPeriods", "MaxChargingProfilesInstalled", "LocalPreAuthorize",
    "LocalAuthorizeOffline", "SendLocalListMaxLength", "FreeCharging", "FreeChargingIdTag",
    "LockCablePermanently",
)  # fmt: skip


def configuration(
    behaviour: Behaviour = CLOUD,
    firsts: Mapping[str, str] | None = None,
    remembered: Mapping[str, str] | None = None,
    *,
    authorization_required: bool = True,
) -> Configuration:
    return Configuration(
        behaviour, firsts or {}, remembered or {}, authorization_required=authorization_required
    )


def value(of: Configuration, name: str) -> object:
    return of.report([name])[0][0]["value"]


def test_the_definitions_keys_come_first_and_in_its_order() -> None:
    """Those that have no function yet are left out: a key stands here only with its function."""
    names = [key.name for key in KEYS]
    present = [name for name in DEFINITION if name in names]
    assert names[: len(present)] == present
    assert len(present) >= 12
    assert names[len(present) :] == sorted(names[len(present) :])


@pytest.mark.parametrize(
    ("behaviour", "name", "first"),
    [
        (CLOUD, "NumberOfConnectors", "1"),
        (CLOUD, "WebSocketPingInterval", "30"),
        (NATIVE, "WebSocketPingInterval", "30"),
        (CLOUD, "AuthorizeRemoteTxRequests", "true"),
        (CLOUD, "StopTransactionOnEVSideDisconnect", "true"),
        (CLOUD, "MeterValueSampleInterval", "120"),
        (NATIVE, "MeterValueSampleInterval", "0"),
        (CLOUD, "HeartbeatInterval", "86400"),
        (CLOUD, "ConnectionTimeOut", "60"),
        (NATIVE, "ConnectionTimeOut", "60"),
        (CLOUD, "MinimumStatusDuration", "3"),
        (CLOUD, "MeterValuesSampledDataMaxLength", "8"),
        (NATIVE, "MeterValuesSampledDataMaxLength", "7"),
        (
            CLOUD,
            "MeterValuesSampledData",
            "Power.Active.Import,Energy.Active.Import.Register,Power.Offered,Current.Import",
        ),
        (NATIVE, "MeterValuesSampledData", "Energy.Active.Import.Register"),
        (CLOUD, "FreeCharging", "false"),
        (CLOUD, "LockCablePermanently", "false"),
        (CLOUD, "ClockAlignedDataInterval", "0"),
        (CLOUD, "ConnectorPhaseRotation", "0.Unknown,1.Unknown"),
        (CLOUD, "ConnectorPhaseRotationMaxLength", "2"),
        (CLOUD, "MeterValuesAlignedData", ""),
        (NATIVE, "MeterValuesAlignedDataMaxLength", "7"),
        (CLOUD, "PowerActiveImportDeltaForEagerMeterValueSample", "0"),
        (CLOUD, "ResetRetries", "0"),
        (CLOUD, "StopTransactionMaxMeterValues", "512"),
        (CLOUD, "StopTxnAlignedData", ""),
        (CLOUD, "StopTxnAlignedDataMaxLength", "8"),
        (NATIVE, "StopTxnSampledData", ""),
        (NATIVE, "StopTxnSampledDataMaxLength", "7"),
        (CLOUD, "SupportedFeatureProfilesMaxLength", "8"),
    ],
)
def test_at_first_start(behaviour: Behaviour, name: str, first: str) -> None:
    assert value(configuration(behaviour), name) == first


@pytest.mark.parametrize(
    ("name", "written", "stored"),
    [
        ("ConnectionTimeOut", "0", "0"),
        ("ConnectionTimeOut", " 90 ", "90"),
        ("ConnectionTimeOut", "007", "7"),
        ("connectiontimeout", "5", "5"),
        ("FreeCharging", "TRUE", "true"),
        ("FreeChargingIdTag", "", ""),
        ("FreeChargingIdTag", "12345678901234567890", "12345678901234567890"),
        ("MeterValuesSampledData", "", ""),
        ("MeterValuesSampledData", "Power.Offered, Voltage.L1-N", "Power.Offered,Voltage.L1-N"),
        ("TransactionMessageAttempts", "0", "0"),
        ("MessageTimeout", "10", "10"),
        ("ClockAlignedDataInterval", "0", "0"),
        ("ClockAlignedDataInterval", "900", "900"),
        ("ClockAlignedDataInterval", "86400", "86400"),
        ("ConnectorPhaseRotation", "0.RTS, 1.RTS", "0.RTS,1.RTS"),
        ("ConnectorPhaseRotation", "1.SRT", "0.SRT,1.SRT"),
        ("ResetRetries", "255", "255"),
        ("PowerActiveImportDeltaForEagerMeterValueSample", "2147483647", "2147483647"),
        ("StopTxnAlignedData", "Temperature", "Temperature"),
        ("StopTxnSampledData", "Energy.Active.Import.Interval", "Energy.Active.Import.Interval"),
        ("MeterValuesAlignedData", " Voltage , Current.Import ", "Voltage,Current.Import"),
    ],
)
def test_accepted_and_in_force_at_once(name: str, written: str, stored: str) -> None:
    of = configuration()
    answer, changes = of.change(name, written)
    row = next(key.name for key in KEYS if key.name.lower() == name.lower())
    assert (answer, changes) == ("Accepted", (Remembered(f"key:{row}", stored),))
    assert value(of, name) == stored


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("NumberOfConnectors", "1"),
        ("StopTransactionOnEVSideDisconnect", "true"),
        ("ConnectionTimeOut", "-1"),
        ("ConnectionTimeOut", "1.0"),
        ("ConnectionTimeOut", ""),
        ("ConnectionTimeOut", "١٢"),  # digits, but not of ASCII
        ("ConnectionTimeOut", "99999999999"),
        ("FreeCharging", "1"),
        ("FreeChargingIdTag", "123456789012345678901"),
        ("MeterValuesSampledData", "Power.Offered,Frequency"),
        ("MeterValuesSampledData", "Power.Offered,Power.Offered"),
        ("MeterValuesSampledData", "Power.Offered,"),
        ("MeterValuesSampledData", "Power.Offered.L1-N"),
        ("MeterValuesSampledData", "Current.Import.L1"),
        ("MessageTimeout", "9"),
        ("ClockAlignedDataInterval", "7"),
        ("ClockAlignedDataInterval", "86401"),
        ("ClockAlignedDataInterval", "172800"),
        ("ConnectorPhaseRotation", ""),
        ("ConnectorPhaseRotation", "0.RST"),
        ("ConnectorPhaseRotation", "1.RST,1.RST"),
        ("ConnectorPhaseRotation", "0.RST,1.TSR"),
        ("ConnectorPhaseRotation", "1.Unknown"),
        ("ConnectorPhaseRotation", "1.rst"),
        ("ResetRetries", "256"),
        ("PowerActiveImportDeltaForEagerMeterValueSample", "2147483648"),
        ("StopTransactionMaxMeterValues", "1"),
        ("StopTxnSampledData", "SoC"),
        ("StopTxnAlignedDataMaxLength", "9"),
    ],
)
def test_rejected_and_unchanged(name: str, written: str) -> None:
    of = configuration()
    before = value(of, name)
    assert of.change(name, written) == ("Rejected", ())
    assert value(of, name) == before


def test_at_most_so_many_measurands() -> None:
    phases = ",".join(f"{name}.{phase}" for name in ("Current.Import", "Voltage") for phase in NATIVE.phases)
    of = configuration(NATIVE)
    seven = f"{phases},Power.Active.Import"
    assert of.change("MeterValuesSampledData", seven)[0] == "Accepted"
    assert of.change("MeterValuesSampledData", f"{seven},Temperature")[0] == "Rejected"


def test_native_has_no_power_offered() -> None:
    assert configuration(NATIVE).change("MeterValuesSampledData", "Power.Offered")[0] == "Rejected"


@pytest.mark.parametrize("name", ["NoSuchKey", "AuthorizationKey", "ChargingProfileMaxStackLevel"])
def test_an_unknown_key(name: str) -> None:
    of = configuration()
    assert of.change(name, "1") == ("NotSupported", ())
    assert of.report([name]) == ([], [name])


def test_a_report_keeps_the_order_asked_and_names_each_once() -> None:
    known, unknown = configuration().report(["FreeCharging", "x", "freecharging", "NumberOfConnectors", "X"])
    assert [entry["key"] for entry in known] == ["FreeCharging", "NumberOfConnectors"]
    assert unknown == ["x", "X"]


def test_nothing_asked_is_everything() -> None:
    known, unknown = configuration(NATIVE).report([])
    assert [entry["key"] for entry in known] == list(known_keys())
    assert unknown == []
    assert all(set(entry) == {"key", "readonly", "value"} for entry in known)


def test_free_charging_reads_false_and_read_only_without_authorization() -> None:
    """The definition: "The FreeCharging config value will be read only if authorization is not enabled."""
    of = configuration(firsts={"FreeCharging": "true"}, authorization_required=False)
    assert of.report(["FreeCharging"])[0] == [{"key": "FreeCharging", "readonly": True, "value": "false"}]
    assert of.change("FreeCharging", "true") == ("Rejected", ())
    assert of.free_charging


def test_a_permanent_lock_makes_the_other_key_false_and_read_only_until_it_ends() -> None:
    of = configuration()
    name = "UnlockConnectorOnEVSideDisconnect"
    of.change("LockCablePermanently", "true")
    assert of.report([name])[0] == [{"key": name, "readonly": True, "value": "false"}]
    assert of.change(name, "true") == ("Rejected", ())
    of.change("LockCablePermanently", "false")
    assert of.report([name])[0] == [{"key": name, "readonly": False, "value": "true"}]


def test_what_was_changed_outranks_what_the_file_gives_first() -> None:
    firsts = {"connectiontimeout": "30", "HeartbeatInterval": "60"}
    of = configuration(firsts=firsts, remembered={"key:ConnectionTimeOut": "90"})
    assert (of.whole("ConnectionTimeOut"), of.whole("HeartbeatInterval")) == (90, 60)


def test_a_remembered_value_of_the_other_mode_is_not_carried_along() -> None:
    of = configuration(NATIVE, remembered={"key:MeterValuesSampledData": "Power.Offered"})
    assert of.text("MeterValuesSampledData") == "Energy.Active.Import.Register"


@pytest.mark.parametrize(
    ("name", "first", "fault"),
    [
        ("ConnectionTimeOut", "30", None),
        ("NumberOfConnectors", "1", "is read-only"),
        ("Nonsense", "1", "is not a configuration key of this charge point"),
        ("MessageTimeout", "5", "must be a whole number from 10 to 3600"),
        ("LockCablePermanently", "yes", "must be true or false"),
        ("ClockAlignedDataInterval", "7", "must be seconds that divide a day of 86400, or 0"),
    ],
)
def test_first_values_of_the_file(name: str, first: str, fault: str | None) -> None:
    assert first_value_fault(name, first, CLOUD) == fault


@pytest.mark.parametrize("behaviour", [CLOUD, NATIVE])
def test_every_writable_key_says_what_it_accepts(behaviour: Behaviour) -> None:
    for name, writable in known_keys().items():
        assert not writable or str(first_value_fault(name, "?" * 21, behaviour)).startswith("must be ")


# What the box says of its phases


@pytest.mark.parametrize(("phases", "read"), [(3, "0.RST,1.RST"), (1, "0.NotApplicable,1.NotApplicable")])
def test_the_rotation_of_a_box_of_which_nobody_has_said_more(phases: int, read: str) -> None:
    of = configuration()
    of.wired(phases)
    assert value(of, "ConnectorPhaseRotation") == read


def test_a_rotation_is_kept_where_it_can_be() -> None:
    remembered = {"key:ConnectorPhaseRotation": "0.TSR,1.TSR"}
    three, one = configuration(remembered=remembered), configuration(remembered=remembered)
    three.wired(3)
    one.wired(1)  # the box was changed meanwhile
    assert value(three, "ConnectorPhaseRotation") == "0.TSR,1.TSR"
    assert value(one, "ConnectorPhaseRotation") == "0.NotApplicable,1.NotApplicable"
    assert one.change("ConnectorPhaseRotation", "1.TSR") == ("Rejected", ())
    assert three.change("ConnectorPhaseRotation", "1.NotApplicable") == ("Rejected", ())


# Of every key, whatever is written

PARTS = [
    *CLOUD.measurands,
    "Voltage.L1",
    "Voltage.L2-N",
    "SoC",
    "0.RST",
    "1.RST",
    "true",
    "FALSE",
    "0",
    "900",
    "-1",
    "",
]
WRITTEN = st.one_of(
    st.text(max_size=30),
    st.integers(-10, 2**33).map(str),
    st.lists(st.sampled_from(PARTS), max_size=9).map(",".join),
)


@given(st.sampled_from([key.name for key in KEYS]), WRITTEN, st.sampled_from([CLOUD, NATIVE]))
def test_what_is_accepted_lasts_and_what_is_refused_changes_nothing(
    name: str, written: str, behaviour: Behaviour
) -> None:
    of = configuration(behaviour)
    before = of.report([])
    answer, changes = of.change(name.upper(), written)
    if answer != "Accepted":
        assert (of.report([]), changes) == (before, ())
        return
    (change,) = changes
    assert isinstance(change, Remembered)
    assert change.value is not None
    again = configuration(behaviour, remembered={change.name: change.value})
    assert again.report([]) == of.report([])
    assert of.change(name, change.value) == ("Accepted", changes)  # what is read can be written


@pytest.mark.parametrize(
    ("behaviour", "name", "answer"),
    [
        (NATIVE, "BlinkRepeat", "Rejected"),
        (NATIVE, "cponame", "Rejected"),
        (CLOUD, "BlinkRepeat", "NotSupported"),
        (NATIVE, "LightIntensity", "NotSupported"),  # the lamp knows on and off
    ],
)
def test_names_that_are_known_but_have_no_key(behaviour: Behaviour, name: str, answer: str) -> None:
    of = configuration(behaviour)
    assert of.change(name, "1") == (answer, ())
    assert of.report([name]) == ([], [name])


def test_all_mandatory_keys_of_the_core_profile_are_there() -> None:
    """OCPP 1.6 edition 2, 9.1, those that are "required"."""
    mandatory = {
        "AuthorizeRemoteTxRequests", "ClockAlignedDataInterval", "ConnectionTimeOut",
        "ConnectorPhaseRotation", "GetConfigurationMaxKeys", "HeartbeatInterval", "LocalAuthorizeOffline",
        "LocalPreAuthorize",
        "MeterValuesAlignedData", "MeterValuesSampledData", "MeterValueSampleInterval", "NumberOfConnectors",
        "ResetRetries", "StopTransactionOnEVSideDisconnect", "StopTransactionOnInvalidId",
        "StopTxnAlignedData", "StopTxnSampledData", "SupportedFeatureProfiles", "TransactionMessageAttempts",
        "TransactionMessageRetryInterval", "UnlockConnectorOnEVSideDisconnect",
    }  # fmt: skip
    assert mandatory <= set(known_keys())
