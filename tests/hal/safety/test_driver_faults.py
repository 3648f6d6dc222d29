"""Drivers that fail under a charge: the loop goes on or ends, the contactor opens in time either way."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from hal.mock.pi.line_map import FILE_NAME
from hal.safety.journal import Journal
from hal.safety.lines.pwm import PERIOD_NS
from hal.safety.loop import STATUS_A_SECOND, STATUS_BURST
from tests.hal.safety.rig import FULL_BOX
from tests.hal.safety.running import Running


@pytest.fixture
def running(runtime_dir: Path, log: tuple[int, int]) -> Iterator[Running]:
    running = Running(runtime_dir, Journal(log[1]), box=FULL_BOX)
    running.charge()
    yield running
    running.close()


def faults(running: Running) -> set[str]:
    return {fault.id for fault in running.status.faults}


def test_a_single_failed_reading_changes_nothing(running: Running) -> None:
    for _ in range(20):
        running.rig.board_faults = {"spi_failed"}
        running.tick()
        running.rig.board_faults = set()
        for _ in range(5):
            running.tick()
    assert running.relay_high()
    assert running.status.faults == ()
    assert running.status.counters.closings == 1


def test_a_bus_that_stays_dead_opens_within_100_ms(running: Running) -> None:
    running.rig.board_faults = {"spi_failed"}
    assert running.until(lambda: not running.relay_high()) <= 0.1
    assert "pilot_circuit" in faults(running)
    assert running.rig.pwm.poll(running.rig.now_s).duty_ns in (0, PERIOD_NS)
    running.rig.board_faults = set()
    running.until(lambda: running.status.vehicle == "B")
    assert "pilot_circuit" in faults(running)  # until the car is unplugged: it may have been a sign


def test_a_converter_without_supply_opens_within_100_ms(running: Running) -> None:
    running.rig.board_faults = {"adc_unpowered"}
    assert running.until(lambda: not running.relay_high()) <= 0.1
    running.until(lambda: "pilot_circuit" in faults(running))


def test_a_frozen_converter_opens_within_3_s_though_it_shows_a_charging_car(running: Running) -> None:
    """IEC 61851-1 Table A.6 sequence 12. The car may have left C meanwhile: nobody can see it."""
    running.rig.plant.fault("adc_stuck")
    running.rig.plant.pause()
    assert running.until(lambda: not running.relay_high()) <= 3.0
    assert "pilot_circuit" in faults(running)


def test_a_gpio_chip_that_fails_ends_the_loop(running: Running, log: tuple[int, int]) -> None:
    running.rig.board_faults = {"gpio_failed"}
    running.rig.wires.show(running.rig.board_faults)
    with pytest.raises(OSError, match="cannot be written"):
        running.loop.run()
    assert running.relay_high()  # only the kernel or safe_outputs can open it now
    running.rig.wires.show(set())


def test_a_welded_contactor_trips_the_breaker(running: Running) -> None:
    running.rig.plant.fault("weld")
    running.rig.plant.pause()
    assert running.until(lambda: "tripped" in running.rig.plant.faults) < 1.0
    assert "welded" in faults(running)
    assert running.rig.plant.bolt == 1.0


_CHATTER = """
import sys, time
from pathlib import Path
from hal.mock.pi.line_map import FLOATING, HIGH, LOW, LineMap
lines = LineMap.open(Path(sys.argv[1]))
print("ready", flush=True)
ends_s = time.monotonic() + 60
while time.monotonic() < ends_s:
    for level in (LOW, HIGH, FLOATING):
        for line in range(54):
            lines.put_input(line, level)
    time.sleep(0.0001)
"""


def test_chattering_inputs_do_not_move_the_tick(runtime_dir: Path, log: tuple[int, int]) -> None:
    """Every input changes some ten thousand times a second: as many ticks, as few words, nothing dropped.

    The box opens, and may: its contacts say so. What counts here is that it goes on ticking.
    """
    running = Running(runtime_dir, Journal(log[1]), box=FULL_BOX)
    command = [sys.executable, "-c", _CHATTER, str(runtime_dir / FILE_NAME)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as chatter:
        assert chatter.stdout is not None
        chatter.stdout.readline()
        running.limit_a = 0.0
        running.rig.plant.plug_in()
        began_s, began_ticks, told = running.rig.now_s, running.ticks, len(running.seen)
        stop_s = time.monotonic() + 20
        while running.rig.now_s - began_s < 10 and time.monotonic() < stop_s:
            running.tick()
        passed_s = running.rig.now_s - began_s
        chatter.kill()
    assert running.ticks - began_ticks == pytest.approx(passed_s / 0.010, abs=2)  # a car is there
    assert running.status.counters.late_ticks == 0
    assert len(running.seen) - told <= STATUS_BURST + (STATUS_A_SECOND + 1) * passed_s
    assert running.status.counters.dropped_lines == 0
    running.close()
