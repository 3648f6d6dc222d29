"""What a diagnostics file holds: our table and nothing else, no idTag, and the time of each value."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from bridge.core.charge_point import ChargePoint
from bridge.core.configuration.configuration import Configuration
from bridge.core.now import Now
from bridge.core.reporting.observations import SOURCES, Observation, as_document, as_log
from bridge.core.rows import TransactionRow
from bridge.core.setup import Memory, Provisioning
from bridge.core.zaptec import CLOUD
from hal.contract import Box, Reading
from tests.bridge.core.charge_points import hear
from tests.bridge.core.messages import CHARGING, status

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
TAG, ROW = "04C0FFEE", 7
EXPECTED = {
    -3: "0", 120: "1", 151: "0", 501: "230.100", 502: "231.200", 503: "0.000", 507: "15.900", 508: "16.000",
    509: "0.000", 513: "7300.500", 520: "3", 546: "20.000", 548: "4", 553: "1.500", 702: "6", 708: "16.000",
    710: "3", 711: "1", 714: "32", 721: "-5", 804: "0", 820: "0.01", 911: "1.2.3.4",
}  # fmt: skip


def now(s: float) -> Now:
    return Now(s, BEGAN + timedelta(seconds=s))


def charging() -> ChargePoint:
    """An accepted box in a transaction for half a minute."""
    row = TransactionRow(ROW, "boot", 1, TAG, "PARENT", 1_000_000, BEGAN, transaction_id=-5)
    identity = Provisioning(
        CLOUD, "boot", "ws://secret.example/", True, charge_point_id="CP", firmware_version="1.2.3.4"
    )
    configuration = Configuration(CLOUD, {"FreeChargingIdTag": "FREETAG"}, {}, authorization_required=True)
    core = ChargePoint(identity, configuration, Memory(ROW + 1, row), now(0))
    hear(
        core,
        Box(
            version=1, phases=3, nominal_voltage_v=230.0, socket=True, installation_max_a=20.0, mock=True,
            software="x",
        ),
        now(28.5),
    )  # fmt: skip
    hear(core, status(29.0, **CHARGING), now(29))
    hear(
        core,
        Reading(
            at_s=29.5,
            energy_wh=1_001_500,
            power_w=7300.5,
            current_a=(15.9, 16.0, 0.0),
            voltage_v=(230.1, 231.2, 0.0),
        ),
        now(30),
    )
    return core


def seen(core: ChargePoint, at_s: float) -> dict[int, Observation]:
    return {one.id: one for one in core.reports.observations(now(at_s)).within(None, None)}


def test_each_id_of_the_table_has_its_source() -> None:
    found = seen(charging(), 30.5)
    sentence = found.pop(808).value
    assert {number: one.value for number, one in found.items()} == EXPECTED
    assert sentence.startswith("U 230.1 231.2 0.0 V, I 15.9 16.0 0.0 A, P 7.30 kW, E 1001.500 kWh")
    assert {source.id for source in SOURCES} == {*EXPECTED, 808}


def test_a_measured_value_has_the_time_of_its_reading_and_a_state_that_of_its_change() -> None:
    core = charging()
    later = seen(core, 100.0)
    assert later[501].at == BEGAN + timedelta(seconds=29.5)
    assert later[702].at == BEGAN + timedelta(seconds=30)  # looked at once a second
    assert later[911].at == BEGAN + timedelta(seconds=28.5)
    core.change_key("LockCablePermanently", "true")
    assert seen(core, 110.0)[151].at == BEGAN + timedelta(seconds=110)


def test_the_rotation_of_the_phases_is_the_keys() -> None:
    core = charging()
    assert core.change_key("ConnectorPhaseRotation", "1.TSR") == "Accepted"
    assert seen(core, 40.0)[548].value == "9"


def test_a_file_holds_the_newest_of_each_unless_all_are_later() -> None:
    observations = charging().reports.observations(now(31))
    everything = [source.id for source in SOURCES]
    for stop_s in (28.5, 29.2, 31, 1e9):  # the oldest value is of 28.5 s
        assert [one.id for one in observations.newest(BEGAN + timedelta(seconds=stop_s))] == everything
    assert [one.id for one in observations.newest(None)] == everything
    assert observations.newest(BEGAN + timedelta(seconds=28.4)) == []


def test_a_log_has_the_lines_between_both_times() -> None:
    observations = charging().reports.observations(now(31))
    start, stop = (BEGAN + timedelta(seconds=s) for s in (29.2, 29.8))
    assert {one.id for one in observations.within(start, stop)} == {
        501, 502, 503, 507, 508, 509, 513, 553, 808,
    }  # fmt: skip
    assert observations.within(stop, start) == []


def test_a_document_holds_texts_only_and_no_idtag_and_no_address() -> None:
    observations = charging().reports.observations(now(30.5)).within(None, None)
    document, log = as_document(observations), as_log(observations)
    for entry in json.loads(document):
        assert set(entry) == {"StateId", "Name", "Timestamp", "ValueAsString"}
        assert isinstance(entry["ValueAsString"], str)
    assert b"2026-01-01T00:00:29Z 501 VoltagePhase1 230.100\n" in log
    for secret in (TAG, "FREETAG", "PARENT", "secret.example"):
        assert secret.encode() not in document + log
