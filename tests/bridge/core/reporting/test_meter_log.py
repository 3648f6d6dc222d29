"""Which samples of a transaction are taken, when, and for which message."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bridge.core.box_view import Supply
from bridge.core.configuration.configuration import Configuration
from bridge.core.now import Now
from bridge.core.reporting.meter_log import MeterLog
from bridge.core.reporting.sign_of_life import SignOfLife
from bridge.core.rows import SampleTaken, TransactionRow
from bridge.core.setup import LIFE, Memory
from bridge.core.zaptec import CLOUD
from hal.contract import Reading

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
ROW = TransactionRow(7, "boot", 1, "TAG", None, 1000, BEGAN)
SUPPLY = Supply(3, 230.0, 16.0)
DELTA = "PowerActiveImportDeltaForEagerMeterValueSample"


def now(second: float) -> Now:
    return Now(5000.0 + second, BEGAN + timedelta(seconds=second))


def reading(power_w: float = 0.0, energy_wh: int = 1000) -> Reading:
    return Reading(
        at_s=0.0, energy_wh=energy_wh, power_w=power_w, current_a=(0, 0, 0), voltage_v=(230, 230, 230)
    )


def keys(**values: str) -> Configuration:
    return Configuration(CLOUD, values, {}, authorization_required=True)


def powers(log: MeterLog, watts: dict[int, float]) -> dict[int, float]:
    """At these seconds there are these watts: second -> watts of the samples that are taken."""
    taken = {second: log.periodic(reading(power_w), SUPPLY, now(second)) for second, power_w in watts.items()}
    return {second: samples[0].sample.power_w for second, samples in taken.items() if samples}


def test_a_change_of_power_is_told_at_once_and_the_interval_restarts() -> None:
    log = MeterLog.started(ROW, keys(MeterValueSampleInterval="60", **{DELTA: "500"}), now(0))
    log.begin(reading(0.0), SUPPLY, now(0))
    watts = {second: 0.0 if second < 10 else 3000.0 if second < 75 else 2600.0 for second in range(1, 140)}
    assert powers(log, watts) == {10: 3000.0, 70: 3000.0, 130: 2600.0}


def test_exactly_the_delta_is_not_more_than_it() -> None:
    log = MeterLog.started(ROW, keys(MeterValueSampleInterval="60", **{DELTA: "500"}), now(0))
    log.begin(reading(1000.0), SUPPLY, now(0))
    assert powers(log, {1: 1500.0, 2: 500.0, 3: 499.9, 4: 999.8, 5: 1000.0}) == {3: 499.9, 5: 1000.0}


def test_drift_counts_from_the_last_sample_not_from_the_last_reading() -> None:
    log = MeterLog.started(ROW, keys(MeterValueSampleInterval="600", **{DELTA: "500"}), now(0))
    log.begin(reading(0.0), SUPPLY, now(0))
    assert powers(log, {second: 100.0 * second for second in range(1, 13)}) == {6: 600.0, 12: 1200.0}


def test_without_interval_or_delta_nothing_is_eager() -> None:
    for values in ({"MeterValueSampleInterval": "0", DELTA: "1"}, {"MeterValueSampleInterval": "600"}):
        log = MeterLog.started(ROW, keys(**values), now(0))
        log.begin(reading(0.0), SUPPLY, now(0))
        assert powers(log, {1: 11_000.0, 2: 0.0}) == {}


def test_after_a_restart_the_last_sample_is_remembered() -> None:
    configuration = keys(MeterValueSampleInterval="60", StopTxnSampledData="Voltage", **{DELTA: "500"})
    log = MeterLog.started(ROW, configuration, now(0))
    (before,) = log.begin(reading(3000.0, 1000), SUPPLY, now(0))
    again = MeterLog.resumed(ROW, configuration, memory(before), now(30))
    assert powers(again, {31: 3400.0}) == {}
    (taken,) = again.periodic(reading(3600.0, 1025), SUPPLY, now(32))
    assert (taken.seq, taken.sample.interval_wh) == (1, 25)


def memory(taken: SampleTaken) -> Memory:
    return Memory(8, ROW, taken.seq + 1, taken.sample, taken.sample)


def test_the_energy_of_each_interval_adds_up_to_that_of_the_transaction() -> None:
    measurands = "Energy.Active.Import.Interval"
    log = MeterLog.started(
        ROW, keys(MeterValueSampleInterval="60", MeterValuesSampledData=measurands), now(0)
    )
    assert log.begin(reading(), SUPPLY, now(0)) == ()  # no interval is over
    (first,) = log.periodic(reading(energy_wh=1180), SUPPLY, now(60))
    (second,) = log.periodic(reading(energy_wh=1370), SUPPLY, now(120))
    (end,) = log.end(reading(energy_wh=1400), 1390, SUPPLY, now(130))
    assert [each.sample.interval_wh for each in (first, second, end)] == [180, 190, 20]
    assert [each.seq for each in (first, second, end)] == [0, 1, 2]


def test_a_sample_for_nothing_is_not_taken() -> None:
    log = MeterLog.started(ROW, keys(MeterValuesSampledData="", MeterValueSampleInterval="60"), now(0))
    assert log.begin(reading(), SUPPLY, now(0)) == log.periodic(reading(), SUPPLY, now(60)) == ()


def test_no_sample_is_dated_before_the_start_or_another() -> None:
    log = MeterLog.started(ROW, keys(), now(0))
    (begin,) = log.begin(reading(), SUPPLY, now(-5))
    assert begin.sample.at == BEGAN
    (first,) = log.periodic(reading(), SUPPLY, now(125))
    clock_set_back = Now(5250.0, BEGAN + timedelta(seconds=3))
    (second,) = log.periodic(reading(), SUPPLY, clock_set_back)
    assert second.sample.at == first.sample.at


def test_a_sign_of_life_every_five_minutes_whatever_the_intervals_say() -> None:
    log = MeterLog.started(ROW, keys(MeterValueSampleInterval="0", StopTxnSampledData=""), now(0))
    left = [s for s in range(1200) if log.sign_of_life(reading(0.0, 1000 + s), now(s))]
    assert left == [300, 600, 900]
    assert log.sign_of_life(None, now(1200)) == ()
    (sign,) = log.sign_of_life(reading(0.0, 2300), now(1300))
    assert SignOfLife.of(sign.value, 7) == SignOfLife(BEGAN + timedelta(seconds=1300), 2300)
    assert SignOfLife.of(sign.value, 8) is None
    assert log.least_wh == 2300


def test_what_an_earlier_boot_left_ends_with_its_last_sign_of_life() -> None:
    life = SignOfLife(BEGAN + timedelta(seconds=300), 1700)
    log = MeterLog.resumed(ROW, keys(), Memory(remembered={LIFE: life.text(7)}), now(5000))
    log.of_earlier_boot = True
    assert log.not_before_last(now(5000).utc) == life.at
    assert (log.stored_wh, log.least_wh) == (1700, 1700)


def test_a_sign_of_life_of_a_time_to_come_is_none() -> None:
    """A damaged one: it would date the end of the session into the future."""
    life = SignOfLife(BEGAN + timedelta(days=400), 1700)
    log = MeterLog.resumed(ROW, keys(), Memory(remembered={LIFE: life.text(7)}), now(5000))
    log.of_earlier_boot = True
    assert log.not_before_last(now(5000).utc) == BEGAN
    assert log.least_wh == 1000
