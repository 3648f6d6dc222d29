"""From each fault that opens the contactor under load to the fall of the contactor's line.

`python -m tests.bench.fault_to_relay [--each 5]`: `hal.safety` as a real process on the simulated box, at
phases random to its tick, while both cores are busy; times by the mock's own clock at steps of 2 ms. Exit
code 0 when each took no longer than hal.core.faults.table and the 100 ms of IEC 61851-1 Table A.6
sequence 8.1 allow; also when nothing could be judged for want of a real-time priority.
"""

from __future__ import annotations

import argparse
import contextlib
import random
import re
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from hal.configuration import wallbox_file
from hal.contract import Reading, Temperatures
from hal.core.faults.table import KINDS
from tests.bench.load import busy_cores
from tests.hal.safety.peers import Peer, hello
from tests.hal.safety.process import SafetyProcess

OPENS_S = 0.1
SENSES_EVERY_S = 0.5
PATIENCE_S = 20.0


@dataclass(frozen=True)
class Case:
    """A fault of the table and what provokes it on the mock wallbox."""

    fault: str
    provoked_by: str
    slow_s: float = 0.0  # what the world itself needs, and the instruments, until the lines show it

    @property
    def limit_s(self) -> float:
        """From the provocation to the fall of the line."""
        opens_s = KINDS[self.fault].opens_s
        assert opens_s is not None
        return opens_s + self.slow_s + OPENS_S


CASES = (
    Case("did_not_close", "short_mirror"),
    Case("diode_missing", "diode"),
    Case("pilot_short", "cp_short"),
    Case("pilot_out_of_range", "cp_high"),
    Case("pilot_circuit", "minus_lost"),
    Case("pilot_circuit", "spi_failed"),
    Case("pilot_circuit", "adc_stuck", slow_s=2.0),  # told by the bit, within 2 s under PWM
    Case("ventilation", "ventilation"),
    Case("plug_lost", "pp_lost"),
    Case("rating_lost", "pp_short"),
    Case("lock_opened", "cut_lock_feedback"),
    Case("rcm_trip", "rcm"),
    Case("rcm_trip", "cut_rcm"),
    Case("emergency_stop", "cut_stop"),
    Case("over_current", "over_current", slow_s=3.0),  # the car's ramp and the age of a reading
    Case("overheated", "hot", slow_s=15.0),  # the contacts' own time to 85 °C
)


class Senses:
    """`hal.instruments` as far as the reflexes need it: the truth of the simulated box, twice a second."""

    def __init__(self, safety: SafetyProcess) -> None:
        self._plant = safety.box.plant
        self._peer: Peer = hello(safety.folder, "instruments")
        self._told_at_s = 0.0

    def tell(self) -> None:
        """At each step of the box."""
        now_s = time.monotonic()
        if now_s - self._told_at_s < SENSES_EVERY_S:
            return
        self._told_at_s = now_s
        self._peer.heard()
        plant, volts = self._plant, 230.0
        amps = plant.current_a
        self._peer.say(
            Reading(now_s, 1000, round(sum(amps) * volts), amps, (volts, volts, volts)),
            Temperatures(now_s, contacts_c=plant.contacts_c),
        )

    def close(self) -> None:
        """Gone."""
        self._peer.close()


@contextlib.contextmanager
def charging(case: Case) -> Iterator[SafetyProcess]:
    """A box of its own, whose car takes current."""
    text = wallbox_file.new_file(mock=True).replace("test_pin", "#test_pin")
    text = re.sub(r"^(min_off_s|after_fault_s) = .*$", r"\1 = 0.1", text, flags=re.M)
    if case.fault == "emergency_stop":
        text = text.replace('kind = "stop"', 'kind = "emergency"')
    folder = Path(tempfile.mkdtemp(prefix="evse-"))
    with contextlib.ExitStack() as ending:
        ending.callback(shutil.rmtree, folder)
        safety = SafetyProcess(folder, text)
        ending.callback(safety.close)
        senses = Senses(safety)
        ending.callback(senses.close)
        safety.each_step = senses.tell
        safety.charge()
        yield safety


def measure(case: Case) -> float:
    """Seconds. Raises AssertionError when the line does not fall at all."""
    with charging(case) as safety:
        ends_s = time.monotonic() + random.uniform(0.1, 0.3)  # any phase of a tick
        safety.until(lambda: time.monotonic() >= ends_s)
        safety.box.fault(case.provoked_by)
        took_s = safety.until(lambda: not safety.relay_high())
        told = safety.until(lambda: any(one.id == case.fault for one in safety.seen[-1].faults))
        assert told < PATIENCE_S
        return took_s


def main(arguments: list[str]) -> int:
    """Prints a row for each case."""
    parser = argparse.ArgumentParser(prog="tests.bench.fault_to_relay")
    parser.add_argument("--each", type=int, default=5)
    each = parser.parse_args(arguments).each
    over = 0
    print("fault               provoked by         n   median ms   longest ms   limit ms")
    with busy_cores():
        for case in CASES:
            took_ms = sorted(1000 * measure(case) for _ in range(each))
            limit_ms = 1000 * case.limit_s
            over += took_ms[-1] > limit_ms
            median_ms = statistics.median(took_ms)
            print(
                f"{case.fault:19} {case.provoked_by:19} {each:<3} {median_ms:9.1f}   {took_ms[-1]:10.1f}"
                f"   {limit_ms:8.0f}",
                flush=True,
            )
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
