"""docs/faults.md from the tables of `hal.core` and `bridge.core`: `python -m tests.docs.faults_page`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bridge.core.reporting.faults import report
from bridge.core.transaction.stop import (
    ENDING,
    ENDING_IN_TIME,
    FAULT_PATIENCE_S,
    LOST_END_S,
    METER_STOP_S,
    OPENING_S,
)
from bridge.local.why.english_faults import FAULTS as FAULTS_IN_WORDS
from hal.core.budget import LATE_S
from hal.core.control_pilot.visit import GONE_S
from hal.core.faults.table import KINDS, Kind
from hal.mock.plant.fault_names import BOARD, FAULTS, WIRES
from tests.hal.core.faults.test_every_fault import NO_FAULT
from tests.hal.core.provoked import PROVOKED, Provocation

PAGE = Path(__file__).parents[2] / "docs" / "faults.md"
CLEARS = {
    "itself": "by itself, 1 s after its cause",
    "unplug": "when the plug is gone",
    "person": "by a person",
}
CLASSES = {
    "open": "**open**: the contactor opens or stays open until the fault ends; the status is Faulted, "
    "but not while a session ends ([below](#what-the-central-system-gets-and-what-provokes-it))",
    "derate": "**derate**: the box offers less; the status stays as it is",
    "report": "**report**: the fault is reported; what else it changes, if anything, stands in the column "
    "*what is done*",
}
# What no test of the core provokes, because only the real drivers know it: the test that shows it.
ELSEWHERE = {
    "spi_failed": "`pilot_circuit`",  # tests/hal/safety/test_driver_faults.py
    "adc_unpowered": "`pilot_circuit`",
    "gpio_failed": "no fault: `hal.safety` ends",  # tests/hal/safety/test_driver_faults.py
    "meter_exception": "`meter_lost`",  # tests/hal/instruments/meter/test_poll.py
    "meter_crc": "`meter_lost`",
    "meter_cut": "`meter_lost`",
    "meter_late": "`meter_lost`",
    "meter_small": "no fault: each number is asked for alone",
    "meter_echo": "no fault: the answer is found behind the echo",
    "meter_noise": "no fault: the answer is found",
    "meter_busy": "no fault: it is asked once more",
    "card_checksum": "no fault: no card is read",  # tests/hal/instruments/test_senses.py
    "house_silent": "no fault: the limit `the quiet house meter`",  # tests/scenarios/house
    "dimmed": "no fault: the limit `dimming by the grid operator`",
    "cut_dimming": "no fault: the limit `dimming by the grid operator`",
    "thermometer_crc": "`thermometer_lost`",  # tests/hal/instruments/temperature/test_thermometer.py
    "thermometer_power_on": "`thermometer_lost`",
}
HEAD = """# Faults

For the **owner**: what a fault means and what to do. For the **builder** and the **operator**: how the box
notices it, what it does, and what the Central System gets.

This page is written from the code by `python -m tests.docs.faults_page`; a test fails when it differs.

## What it means, and what to do

Three ways to end: *by itself*, 1 s after its cause is gone; *when the plug is gone*; *by a person*, who has
looked at the box: `evse-bridge clear` shows each fault and asks. What ends by unplugging or by a person
outlasts a restart. After a fault of class open nothing is offered for `contactor.after_fault_s` (30 s).
"""
NOTICED = f"""
## What the box notices, and what it does

Each fault has one of three classes:

{chr(10).join(f"- {text}" for text in CLASSES.values())}

Times run from the cause on the wires of `hal.safety` to its output; the contactor needs up to 40 ms more.
"When the plug is gone" means that the cause is gone and the pilot reads A: with a socket while the proximity
pilot sees no plug, with a fixed cable for {GONE_S:g} s.

The column *counts* says what good samples between bad ones change. Its times run from the first bad sample
to the command, for every pattern with a period of up to 12 samples of 10 ms.

The counts assume a sample each 10 ms. Before a tick that comes more than {LATE_S * 1000:g} ms late,
nobody has looked at the inputs for too long. So its sample counts as two if it is bad, and takes nothing
back if it is good; and if its pilot is outside C, the contactor opens at once.
"""


def page() -> str:
    """The whole file."""
    return "\n".join([HEAD, *_meaning(), NOTICED, *_noticed(), "", *_reported(), "", *_names(), ""])


def _meaning() -> Iterator[str]:
    yield "| fault | what it means | what to do | ends |"
    yield "|---|---|---|---|"
    for name, kind in KINDS.items():
        means, do = FAULTS_IN_WORDS[name]
        yield _row([f"`{name}`", means, do, CLEARS[kind.clears]])


def _noticed() -> Iterator[str]:
    yield _row(
        [
            "fault",
            "class",
            "noticed by",
            "limit",
            "counts",
            "what is done",
            "opens after",
            "reported after",
            "ends",
        ]
    )
    yield "|---|---|---|---|---|---|---|---|---|"
    for name, kind in KINDS.items():
        opens = "–" if kind.opens_s is None else _time(kind.opens_s)
        cells = [
            f"`{name}`", kind.severity, kind.noticed, kind.limit, kind.counts, kind.does, opens,
            _time(kind.reported_s), CLEARS[kind.clears],
        ]  # fmt: skip
        yield _row(cells)


def _reported() -> Iterator[str]:
    yield "## What the Central System gets, and what provokes it"
    yield ""
    yield "`vendorErrorCode` is the bit of Zaptec's warning word. A fault of class open that lasts for"
    yield f"{_time(FAULT_PATIENCE_S)} ends the transaction (`Other`); some end it at once."
    yield ""
    yield "While a session ends, the status stays what it was until StopTransaction is stored;"
    yield f"contactor and meter are waited for {OPENING_S + METER_STOP_S:g} s at most. A fault of that time"
    yield "changes errorCode and info at once; Faulted follows if the fault is still there."
    yield ""
    yield "| fault | status | errorCode | vendorErrorCode | info | transaction | `evse-bridge mock` |"
    yield "|---|---|---|---|---|---|---|"
    for name, kind in KINDS.items():
        said = report(name)
        names = sorted({f"`{_verb(provocation)}`" for provocation in PROVOKED[name]})
        ends = f"ends: {ENDING[name]}" if name in ENDING else _goes_on(name, kind)
        cells = [
            f"`{name}`", "Faulted" if kind.severity == "open" else "as before", said.error_code,
            said.vendor_error_code or "–", said.info or "–", ends, ", ".join(names),
        ]  # fmt: skip
        yield _row(cells)


def _goes_on(name: str, kind: Kind) -> str:
    if name in ENDING_IN_TIME:
        return f"ends after {_time(LOST_END_S)}: Other"
    return "is suspended" if kind.severity == "open" else "goes on"


def _names() -> Iterator[str]:
    yield "## What can break in the mock wallbox"
    yield ""
    yield "| name | what it is | leads to |"
    yield "|---|---|---|"
    for name, what in (FAULTS | BOARD | WIRES).items():
        faults = [
            f"`{fault}`"
            for fault, provocations in PROVOKED.items()
            if any(provocation.name == name for provocation in provocations)
        ]
        leads = ", ".join(faults) or ELSEWHERE.get(name) or f"no fault: {NO_FAULT[name]}"
        yield _row([f"`{name}`", what, leads])


def _verb(provocation: Provocation) -> str:
    """As it follows `evse-bridge mock`."""
    return provocation.text if provocation.parts else f"fault {provocation.text}"


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _time(seconds: float) -> str:
    if seconds >= 60:
        return f"{seconds / 60:g} minutes"
    return f"{seconds:g} s" if seconds >= 1 else f"{seconds * 1000:g} ms"


def main() -> None:
    """Writes the file."""
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
