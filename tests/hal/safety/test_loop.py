"""The tick on the real drivers, core and plant, in simulated time."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest

from hal.configuration.line_sections import Dimming
from hal.contract import FRESH_S, FaultRef, InstrumentBox, Reading
from hal.core import budget
from hal.core.contactor.trip import PULSE_S
from hal.core.control_pilot.offer import C1_LEAVES_S
from hal.core.persistent_state import PersistentState
from hal.core.supervision.supervision import AGREES_WITHIN_S, BLIND_S
from hal.notify import Notify
from hal.safety.journal import WAITING, Journal
from hal.safety.lines.pwm import PERIOD_NS
from hal.safety.loop import ENDS_WITHIN_S
from hal.safety.state.file import LAST_WITHIN_S
from tests.hal.safety.peers import Peer, hello, wish
from tests.hal.safety.rig import DIMMING, FULL_BOX, SOCKET_BOX
from tests.hal.safety.running import RULES, Running

DIMMED_BOX = msgspec.structs.replace(SOCKET_BOX, dimming=Dimming(pin=DIMMING))


@pytest.fixture
def running(runtime_dir: Path, log: tuple[int, int]) -> Iterator[Running]:
    running = Running(runtime_dir, Journal(log[1]))
    yield running
    running.close()


def test_charges_a_car(running: Running) -> None:
    running.charge()
    assert (running.status.vehicle, running.status.pilot_offer) == ("C", 16.0)
    assert running.relay_high()
    running.until(lambda: running.rig.plant.current_a[0] > 15)
    assert running.rig.pwm.violations == []


def test_ticks_every_20_ms_and_every_10_ms_while_closed(running: Running) -> None:
    running.tick()
    assert running.tick() == pytest.approx(0.020)
    running.charge()
    running.tick()
    assert running.tick() == pytest.approx(0.010)


def test_the_100_ms_are_spent_as_planned() -> None:
    """IEC 61851-1 Table A.6 sequence 8.1."""
    shares = (budget.FILTER_S, budget.SAMPLING_S, budget.LATE_S, budget.CONTACTOR_S, budget.RESERVE_S)
    assert sum(shares) == pytest.approx(budget.OPENS_WITHIN_S)
    assert 2 * budget.TICK_S <= budget.SAMPLING_S


def test_opens_within_100_ms_of_the_car_leaving_c(running: Running) -> None:
    running.charge()
    running.rig.plant.pause()
    assert running.until(lambda: not running.relay_high()) <= 0.1


def test_tells_the_status_each_second_and_on_change(running: Running) -> None:
    running.limit_a = 0.0
    running.until(lambda: running.ticks > 500)
    times_s = [status.at_s for status in running.seen]
    assert all(after - before <= 1.021 for before, after in pairwise(times_s))
    assert [status.seq for status in running.seen] == list(range(1, len(running.seen) + 1))
    told = len(running.seen)
    running.rig.plant.plug_in()
    running.until(lambda: len(running.seen) > told, within_s=0.1)


def test_logs_changes_once(running: Running, log: tuple[int, int]) -> None:
    running.charge()
    running.rig.plant.pause()
    running.until(lambda: not running.relay_high())
    running.until(lambda: running.status.vehicle == "B")
    lines = os.read(log[0], 65_536).decode().splitlines()
    for line in ("bridge connected", "vehicle A -> B", "vehicle B -> C", "contactor closes, vehicle C"):
        assert lines.count(line) == 1
    assert lines.count("contactor opens, vehicle B") == 1
    assert running.status.counters.dropped_logs == 0


def test_logs_at_the_start_what_stands_already(runtime_dir: Path, log: tuple[int, int]) -> None:
    stored = PersistentState(faults=(FaultRef("welded", 1),), occurrences={"welded": 1}, lost=True)
    running = Running(runtime_dir, Journal(log[1]), stored=stored)
    running.until(lambda: running.ticks > 100)
    lines = os.read(log[0], 65_536).decode().splitlines()
    for name in ("welded", "lost_state"):
        assert lines.count(f"fault {name} is present since the start (ends by person)") == 1
        assert sum(f"fault {name}" in line for line in lines) == 1
    running.close()


def test_the_dimming_input_is_told_and_logged_and_changes_nothing_else(
    runtime_dir: Path, log: tuple[int, int]
) -> None:
    running = Running(runtime_dir, Journal(log[1]), box=DIMMED_BOX)
    running.charge()
    assert running.status.dimmed is False
    running.rig.board_faults.add("cut_dimming")
    running.until(lambda: running.status.dimmed is True, within_s=0.1)
    assert (running.status.pilot_offer, running.relay_high()) == (16.0, True)
    running.rig.board_faults.clear()
    running.until(lambda: running.status.dimmed is False, within_s=0.1)
    lines = os.read(log[0], 65_536).decode().splitlines()
    said = [line for line in lines if line.startswith("dimming input: ")]
    assert said[-2:] == ["dimming input: dimmed", "dimming input: not dimmed any more"]
    running.close()


def test_a_box_without_the_input_says_so(running: Running) -> None:
    running.tick()
    running.until(lambda: running.ticks > 2)
    assert running.status.dimmed is None


def test_a_lapsed_wish_ends_the_charge(running: Running) -> None:
    running.charge()
    running.renewing = False
    running.until(lambda: not running.relay_high(), within_s=17.0)
    assert running.status.pilot_offer == "x1"


def test_a_stopped_reader_of_the_log_costs_lines_only(runtime_dir: Path) -> None:
    reading_end, writing_end = os.pipe()
    os.set_blocking(writing_end, False)
    while True:
        try:
            os.write(writing_end, b"x" * 4096)
        except BlockingIOError:
            break
    os.set_blocking(writing_end, True)
    journal = Journal(writing_end)
    running = Running(runtime_dir, journal)
    running.charge()
    for number in range(WAITING):
        journal.say(f"{chr(97 + number // 16)}: no room for this")  # more that begin alike would be counted
    running.until(lambda: running.status.counters.dropped_logs > 0)
    assert running.relay_high()
    running.close()
    os.close(reading_end)
    os.close(writing_end)


def test_stopping_takes_the_offer_and_waits_for_the_car(running: Running) -> None:
    running.charge()
    running.loop.ask_to_stop()
    running.tick()
    assert running.rig.pwm.poll(running.rig.now_s).duty_ns == PERIOD_NS
    assert running.relay_high()
    assert not running.ended
    running.until(lambda: running.ended, within_s=6.0)
    assert not running.relay_high()


def test_stopping_opens_under_load_after_6_s(running: Running) -> None:
    running.charge()
    running.rig.plant.fault("keeps_s2")
    running.loop.ask_to_stop()
    assert running.until(lambda: running.ended, within_s=7.0) == pytest.approx(6.0, abs=0.05)
    assert not running.relay_high()


def test_stopping_an_open_box_takes_one_tick(running: Running) -> None:
    running.tick()
    running.loop.ask_to_stop()
    running.tick()
    assert running.ended


def test_stopping_waits_for_the_mirror_contact(running: Running) -> None:
    """The command is not the contact."""
    running.charge()
    running.rig.plant.pause()
    running.loop.ask_to_stop()
    running.until(lambda: not running.relay_high())
    assert not running.ended
    running.until(lambda: running.ended, within_s=0.1)
    assert not running.rig.plant.contacts_closed


@pytest.mark.parametrize("fault", ["weld", "cut_mirror"])
def test_stopping_a_box_that_reads_closed_trips_first_and_ends_in_time(
    runtime_dir: Path, log: tuple[int, int], fault: str
) -> None:
    running = Running(runtime_dir, Journal(log[1]), box=FULL_BOX)
    if fault == "weld":
        running.charge()
    running.rig.plant.fault(fault)
    running.loop.ask_to_stop()
    took_s = running.until(lambda: running.ended, within_s=9.0)
    assert took_s == pytest.approx(ENDS_WITHIN_S, abs=0.05)
    assert "tripped" in running.rig.plant.faults
    assert "trip output: a pulse" in os.read(log[0], 65_536).decode()
    running.close()


def test_a_box_without_a_trip_output_says_nothing_of_pulses(running: Running, log: tuple[int, int]) -> None:
    running.charge()
    running.rig.plant.fault("weld")
    running.rig.plant.pause()
    running.until(lambda: "welded" in {fault.id for fault in running.status.faults})
    running.tick()
    assert "pulse" not in os.read(log[0], 65_536).decode()


def test_the_end_fits_into_what_its_supervisors_give_it() -> None:
    """TimeoutStopSec of the unit and the patience of `run`: 10 s."""
    unit = (Path(__file__).parents[3] / "systemd" / "evse-safety.service").read_text()
    assert "\nTimeoutStopSec=10\n" in unit
    a_pulse_s = C1_LEAVES_S + BLIND_S + AGREES_WITHIN_S + PULSE_S
    assert a_pulse_s < ENDS_WITHIN_S
    assert ENDS_WITHIN_S + LAST_WITHIN_S < 10


def test_a_tick_over_100_ms_late_opens(running: Running) -> None:
    running.charge()
    assert RULES.late_limit_s == 0.1
    running.tick(late_s=0.09)
    assert running.relay_high()
    running.tick(late_s=0.15)
    assert not running.relay_high()
    running.until(lambda: running.status.counters.late_ticks == 2)


def test_only_good_ticks_feed_the_watchdog(runtime_dir: Path, log: tuple[int, int]) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(runtime_dir / "notify"))
        systemd.setblocking(False)
        notify = Notify({"NOTIFY_SOCKET": str(runtime_dir / "notify"), "WATCHDOG_USEC": "1000"})
        running = Running(runtime_dir, Journal(log[1]), notify)
        running.tick()
        assert systemd.recv(100) == b"WATCHDOG=1"
        running.tick(late_s=0.15)
        with pytest.raises(BlockingIOError):
            systemd.recv(100)
        running.tick()
        assert systemd.recv(100) == b"WATCHDOG=1"
        notify.close()
        running.close()


def test_a_late_tick_is_not_caught_up_with(running: Running) -> None:
    """Two samples that end state C must lie apart."""
    running.charge()
    running.tick(late_s=0.05)
    assert running.loop.seconds_to_next(running.rig.now_s) == pytest.approx(0.005)


def test_a_failure_leaves_safe_lines_and_says_so(running: Running, log: tuple[int, int]) -> None:
    running.charge()
    assert running.relay_high()
    assert running.server.wish is not None
    running.server.wish = msgspec.structs.replace(running.server.wish, lamp="\ud800")  # no JSON can say this
    assert running.loop.run() == 1
    assert not running.relay_high()
    assert running.rig.pwm.poll(running.rig.now_s).duty_ns == PERIOD_NS
    assert "UnicodeEncodeError" in os.read(log[0], 65_536).decode()


def test_runs_until_asked_to_stop(running: Running) -> None:
    running.loop.ask_to_stop()
    assert running.loop.run() == 0


def flood(running: Running, runtime_dir: Path) -> list[Peer]:
    """Four ways of being a bad client, all at once, at every tick."""
    garbage, endless, silent, chatty = [hello(runtime_dir, "observer") for _ in range(4)]

    def harass() -> None:
        garbage.send(b'{"type":"wish"}\n' * 1000)
        endless.send(b"x" * 100_000)
        chatty.say(*[wish(32.0, seq=9, valid_until_s=running.rig.now_s + 15)] * 50)
        chatty.heard()
        newcomer = hello(runtime_dir, "bridge")
        newcomer.close()

    running.each_tick = harass
    return [garbage, endless, silent, chatty]


def test_bad_clients_do_not_touch_a_charge(running: Running, runtime_dir: Path) -> None:
    running.charge()
    bad = flood(running, runtime_dir)
    began_ticks, began_s = running.ticks, running.rig.now_s
    running.until(lambda: running.rig.now_s - began_s > 10)
    assert running.ticks - began_ticks == pytest.approx(10 / 0.010, abs=2)
    assert running.relay_high()
    assert running.status.pilot_offer == 16.0
    assert running.status.counters.closings == 1
    assert running.status.counters.late_ticks == 0
    assert running.status.counters.dropped_lines > 1000
    assert len(running.seen) < 60  # what others send does not multiply what we say
    for peer in bad:
        peer.close()


def test_opens_in_time_while_bad_clients_rage(running: Running, runtime_dir: Path) -> None:
    running.charge()
    bad = flood(running, runtime_dir)
    running.rig.plant.pause()
    assert running.until(lambda: not running.relay_high()) <= 0.1
    for peer in bad:
        peer.close()


def test_an_over_current_in_the_readings_opens(running: Running, runtime_dir: Path) -> None:
    """Readings reach the core, with their time."""
    running.charge()
    instruments = hello(runtime_dir, "instruments")

    def measure() -> None:
        now_s = running.rig.now_s
        if not sent or now_s - sent[-1] >= 1:
            sent.append(now_s)
            amps = (25.0, 25.0, 25.0)
            instruments.say(Reading(at_s=now_s, energy_wh=1, power_w=0.0, current_a=amps, voltage_v=amps))
        instruments.heard()

    sent: list[float] = []
    running.each_tick = measure
    running.until(lambda: not running.relay_high(), within_s=15.0)
    assert any("current" in fault.id for fault in running.status.faults)
    instruments.close()


def test_instruments_that_are_there_and_send_no_reading_are_a_lost_meter(
    running: Running, runtime_dir: Path
) -> None:
    """Their process may be slow to come; once it speaks, or when it has gone again, its silence counts."""
    instruments = hello(runtime_dir, "instruments")
    health = "no reading yet"
    instruments.say(
        InstrumentBox(meter="m", meter_health=health, meter_serial=None, reader=None, reader_health="none")
    )

    def lost() -> bool:
        return "meter_lost" in {fault.id for fault in running.status.faults}

    assert running.until(lost, within_s=2 * FRESH_S) >= FRESH_S
    instruments.close()
    ends_s = running.rig.now_s + 2 * FRESH_S
    running.until(lambda: running.rig.now_s >= ends_s)
    assert lost()
