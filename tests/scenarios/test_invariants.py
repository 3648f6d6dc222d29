"""Whatever happens in whatever order, what must hold holds."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.core.session import Transaction
from hal.contract import Wish
from tests.bridge.central_system.payloads import profile
from tests.campaigns import many
from tests.scenarios.chaos import TAGS, Chaos, Event
from tests.scenarios.script import Mode, Payload

pytestmark = pytest.mark.campaign
VERBS = (
    "car plugs in, ready", "car plugs in", "car ready", "car pauses", "car leaves",
    "car unplugs at its side", "cable is taken out", "link lost", "link back",
    "bridge restarts", "bridge is told to end", "bridge starts",
    "power cut", "power back", "safety dies", "safety starts",
    "disk slow", "disk fast", "disk full", "disk free",
)  # fmt: skip
FAULTS = (
    "meter_silent", "cp_short", "diode", "weld", "lock_jam", "rcm", "contactor_stuck_open",
    "hot", "cp_high", "pp_short", "lock_forced", "over_current", "minus_lost", "short_lock_feedback",
)  # fmt: skip
WAITS_S = (0.1, 1.0, 2.0, 5.0, 11.0, 31.0, 65.0, 125.0)
Said = tuple[str, Payload]
LISTED = [
    {"idTag": "04DDEEFF", "idTagInfo": {"status": "Accepted", "parentIdTag": "FAMILY"}},
    {"idTag": "04111111", "idTagInfo": {"status": "Accepted", "parentIdTag": "OTHERS"}},
]


CALLS: tuple[Said, ...] = (
    ("RemoteStartTransaction", {"idTag": "04AABBCC"}),
    ("RemoteStartTransaction", {"idTag": "04DDEEFF", "connectorId": 1}),
    *(("RemoteStopTransaction", {"transactionId": number}) for number in (1, 2)),
    *(("ChangeAvailability", {"connectorId": 1, "type": to}) for to in ("Operative", "Inoperative")),
    *(("Reset", {"type": kind}) for kind in ("Soft", "Hard")),
    *(
        ("TriggerMessage", {"requestedMessage": message})
        for message in ("BootNotification", "Heartbeat", "MeterValues", "StatusNotification")
    ),
    *(
        ("ChangeConfiguration", {"key": key, "value": value})
        for key, value in (
            ("FreeCharging", "true"), ("FreeCharging", "false"), ("MeterValueSampleInterval", "0"),
            ("MeterValueSampleInterval", "30"), ("LockCablePermanently", "true"),
            ("StopTransactionOnInvalidId", "false"), ("UnlockConnectorOnEVSideDisconnect", "false"),
            ("AllowOfflineTxForUnknownId", "true"), ("MinimumStatusDuration", "0"),
            ("LocalPreAuthorize", "true"), ("LocalPreAuthorize", "false"), ("MaxEnergyOnInvalidId", "500"),
        )
    ),
    ("GetConfiguration", {}),
    ("UnlockConnector", {"connectorId": 1}),
    *(("SetChargingProfile", profile(limit_a)) for limit_a in (0.0, 9.0)),
    ("ClearChargingProfile", {}),
    *(
        (
            "ReserveNow",
            {
                "connectorId": 1,
                "idTag": "04AABBCC",
                "parentIdTag": "FAMILY",
                "reservationId": 1,
                "expiryDate": at,
            },
        )
        for at in ("2026-01-01T00:02:00Z", "2099-01-01T00:00:00Z")
    ),
    ("CancelReservation", {"reservationId": 1}),
    ("ClearCache", {}),
    ("GetLocalListVersion", {}),
    ("SendLocalList", {"listVersion": 1, "updateType": "Full", "localAuthorizationList": LISTED}),
    ("SendLocalList", {"listVersion": 2, "updateType": "Differential", "localAuthorizationList": LISTED[:1]}),
    ("SendLocalList", {"listVersion": 3, "updateType": "Full"}),
)  # fmt: skip

WAIT = st.sampled_from([Event("wait", for_s=wait_s) for wait_s in WAITS_S])
CARD = st.sampled_from([Event("do", "card", tag) for tag in sorted(TAGS)])
DO = st.sampled_from([Event("do", verb) for verb in VERBS])
FAULT = st.sampled_from([Event("do", verb, name) for verb in ("fault", "clear") for name in FAULTS])
CALL = st.sampled_from([Event("call", action, payload=payload) for action, payload in CALLS])
MOOD = st.sampled_from(
    [
        Event("mood", mood)
        for mood in ("answers", "answers", "silent", "refuses", "invalid", "pending", "rejected")
    ]
)
EVENT = st.one_of(WAIT, WAIT, DO, DO, CARD, CALL, FAULT, MOOD)
# Half of the stories begin with a car that charges: there the interesting things happen.
CHARGING = [
    Event("wait", for_s=5.0),  # until the Central System has accepted the box
    Event("do", "car plugs in, ready"),
    Event("do", "card", "04AABBCC"),
    Event("wait", for_s=10.0),
]
STORY = st.tuples(st.sampled_from([[], CHARGING]), st.lists(EVENT, max_size=20)).map(
    lambda parts: parts[0] + parts[1]
)
EVERY_VALUE = {
    "ClockAlignedDataInterval": "5",
    "MeterValuesAlignedData": "Energy.Active.Import.Interval",
    "StopTxnAlignedData": "Voltage",
    "StopTxnSampledData": "Temperature",
    "PowerActiveImportDeltaForEagerMeterValueSample": "1000",
}
KEYS = st.sampled_from([{}, {"AllowOfflineTxForUnknownId": "true"}, {"FreeCharging": "true"}, EVERY_VALUE])


@pytest.mark.part
@pytest.mark.parametrize("mode", ["cloud", "native"])
@settings(max_examples=many(6, 15))
@given(story=STORY, keys=KEYS)
def test_what_must_hold_holds(mode: Mode, story: list[Event], keys: dict[str, str]) -> None:
    """Durable before said, durable before asked, one CALL in flight, sound frames, Start before Values before
    Stop, nothing before the acceptance, nothing lost, nothing billed twice."""
    chaos = Chaos(mode, keys)
    try:
        for event in story:
            chaos.happen(event)
        chaos.calm_down()
    finally:
        chaos.close()


CLOCK = st.sampled_from(
    [
        *(Event("do", "clock", str(by_s)) for by_s in (3600, -3600, 315_360_000, -315_360_000)),
        *(Event("do", verb) for verb in ("clock lost", "time server lost", "time server back")),
    ]
)
WITH_VALUES = {
    "MeterValueSampleInterval": "5",
    "StopTxnSampledData": "Voltage",
    "AllowOfflineTxForUnknownId": "true",
}


@pytest.mark.part
@pytest.mark.parametrize("mode", ["cloud", "native"])
@settings(max_examples=many(6, 15))
@given(
    story=st.lists(st.one_of(CLOCK, EVENT), min_size=5, max_size=20),
    charging=st.booleans(),
    no_time=st.booleans(),
)
def test_no_clock_harms_a_session(mode: Mode, story: list[Event], charging: bool, no_time: bool) -> None:
    """All of the above, and no time goes back in a transaction, and none is told that nobody knew."""
    chaos = Chaos(mode, WITH_VALUES, no_time=no_time)
    try:
        for event in [*(CHARGING if charging else []), *story]:
            chaos.happen(event)
        chaos.calm_down()
    finally:
        chaos.close()


MOVING = (
    "ChangeAvailability",
    "ReserveNow",
    "CancelReservation",
    "RemoteStartTransaction",
    "UnlockConnector",
    "RemoteStopTransaction",
    "SetChargingProfile",
    "ClearChargingProfile",
)
MOVES_IT = st.one_of(
    st.sampled_from([Event("wait", for_s=wait_s) for wait_s in (0.3, 3.0, 6.0, 35.0)]),
    st.sampled_from([Event("do", verb) for verb in VERBS]),
    st.sampled_from([Event("do", verb) for verb in VERBS if verb.startswith("car ")]),
    CARD,
    FAULT,
    st.sampled_from(
        [Event("call", action, payload=payload) for action, payload in CALLS if action in MOVING]
    ),
)


@pytest.mark.part
@pytest.mark.parametrize("mode", ["cloud", "native"])
@settings(max_examples=many(4, 10))
@given(story=st.lists(MOVES_IT, min_size=20, max_size=40), charging=st.booleans())
def test_only_moves_of_the_table_are_made(mode: Mode, story: list[Event], charging: bool) -> None:
    """OCPP 1.6 4.9, with faults, availability, reservations, remote starts, unlocking and restarts."""
    chaos = Chaos(mode, {"MinimumStatusDuration": "0", "MeterValueSampleInterval": "0"})
    try:
        for event in [*(CHARGING if charging else []), *story]:
            chaos.happen(event)
    finally:
        chaos.close()


@pytest.mark.parametrize("mode", ["cloud", "native"])
def test_a_story_that_begins_with_a_charging_car_does(mode: Mode) -> None:
    chaos = Chaos(mode, {})
    try:
        for event in CHARGING:
            chaos.happen(event)
        assert chaos.world.box.closed
        assert isinstance(chaos.world.charge_point.state, Transaction)
    finally:
        chaos.close()


# The observer can go red: what a bad charge point would say.

AT = "2026-01-01T00:00:00Z"
BOOT = ("BootNotification", {"chargePointVendor": "V", "chargePointModel": "M"})
START = ("StartTransaction", {"connectorId": 1, "idTag": "04AABBCC", "meterStart": 100, "timestamp": AT})
VALUE = {"timestamp": AT, "sampledValue": [{"value": "1"}]}
VALUES = ("MeterValues", {"connectorId": 1, "transactionId": 1, "meterValue": [VALUE]})


def stop(meter_stop: int = 100, at: str = AT) -> Said:
    return "StopTransaction", {"transactionId": 1, "meterStop": meter_stop, "timestamp": at}


def status(name: str) -> Said:
    return "StatusNotification", {"connectorId": 1, "errorCode": "NoError", "status": name}


def hear(chaos: Chaos, *calls: Said) -> None:
    for number, (action, payload) in enumerate(calls):
        chaos.heard(json.dumps([2, str(number), action, payload]))


@pytest.mark.parametrize(
    ("calls", "reason"),
    [
        ([START], "before BootNotification was accepted"),
        ([BOOT, VALUES], "values before their start"),
        ([BOOT, stop()], "a stop without its start"),
        ([BOOT, START, stop(), VALUES], "values after their stop"),
        ([BOOT, START, stop(), stop(101)], "two different stops"),
        ([BOOT, START, stop(99)], "meterStop below meterStart"),
        ([BOOT, START, stop(at="2025-12-31T23:59:59Z")], "a stop before its start"),
        ([BOOT, ("Heartbeat", {"surplus": 1})], "breaks its schema"),
        ([BOOT, status("Available"), status("Finishing")], "a move that 4.9 does not know"),
    ],
)
def test_the_observer_sees_what_is_wrong(calls: list[Said], reason: str) -> None:
    chaos = Chaos("cloud", {})
    with pytest.raises(AssertionError, match=reason):
        hear(chaos, *calls)
    chaos.close()


def test_the_observer_sees_a_second_call_in_flight() -> None:
    chaos = Chaos("cloud", {})
    chaos.happen(Event("mood", "silent"))
    with pytest.raises(AssertionError, match="BootNotification while BootNotification is in flight"):
        hear(chaos, BOOT, BOOT)
    chaos.close()


def test_the_observer_sees_amps_without_a_transaction() -> None:
    chaos = Chaos("cloud", {})
    world = chaos.world
    world.wish = Wish(limit_a=16.0, cable="auto", lamp="", valid_until_s=world.now_s + 15, seq=1)
    with pytest.raises(AssertionError, match="without a row"):
        chaos.let_pass(1.0)
    chaos.close()


def test_the_observer_sees_a_start_that_is_not_stored() -> None:
    chaos = Chaos("cloud", {})
    assert chaos.world.said is not None
    with pytest.raises(AssertionError, match="StartTransaction without a row"):
        chaos.world.said(json.dumps([2, "1", *START]))
    chaos.close()


def test_the_observer_sees_a_time_that_nobody_knew() -> None:
    chaos = Chaos("cloud", {})
    action, payload = status("Available")
    assert chaos.world.said is not None
    with pytest.raises(AssertionError, match="a time that nobody knew"):
        chaos.world.said(json.dumps([2, "1", action, {**payload, "timestamp": "1970-01-01T00:16:40Z"}]))
    chaos.close()
