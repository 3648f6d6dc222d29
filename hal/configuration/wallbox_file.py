"""wallbox.toml read, migrated and written new, and what it declares about its box."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from hal import durable
from hal.configuration import migration, rewrite
from hal.configuration.file import MOST_BYTES, Fault, initial
from hal.configuration.rewrite import Table
from hal.configuration.rules import broken_rules
from hal.configuration.sections import Wallbox
from hal.configuration.wallbox_steps import WALLBOX_STEPS
from hal.contract import NO_RCM, NO_WATCHDOG_LINE, RCM_WITHOUT_TEST, WALLBOX_FILE

# A new mock box: charges right after its start, may switch often, and fills the car in minutes.
MOCK_VALUES: dict[str, float] = {
    "contactor.min_off_s": 1.0,
    "contactor.after_fault_s": 1.0,
    "contactor.max_closings": 10_000,
    "lock.retry_wait_s": 1.0,
    "contactor.starts_for_person": 10_000,
    "contactor.trip_pin": 20,
    "pilot.connect_pin": 22,
    "rcm.test_pin": 21,
    "mock.energy_factor": 60.0,
}
# What every new box starts from: a motor on an H-bridge.
_NEW_VALUES: dict[str, float] = {"lock.forward_pin": 23, "lock.backward_pin": 24}
_OF_FEW = ("house", "dimming")  # shown commented out in every file
_OPTIONAL = ("rcm", "stop", "temperature", "lamp", *_OF_FEW)  # likewise in the file of a real box
_LEAST_A = 6.0  # IEC 61851-1 Annex A: the least that can be offered
_MAPS = ("meter.map", "house.map")


def load(path: Path, *, mock: bool) -> Wallbox:
    """Reads the box of that file. Raises ConfigError with all faults of the file."""
    return _source(path, mock=mock).load()


def migrated(path: Path, *, mock: bool) -> str | None:
    """Returns the text of that file for this version; None: nothing in it is of an older one.

    Raises ConfigError for what only a person can decide, and with all faults of the text.
    """
    return _source(path, mock=mock).migrated()


def _source(path: Path, *, mock: bool) -> migration.Source[Wallbox]:
    rules = (partial(broken_rules, mock=mock),)
    read = partial(durable.read, path, MOST_BYTES)
    return migration.Source(read, Wallbox, path.name, rules, WALLBOX_STEPS)


def new_file(*, mock: bool) -> str:
    """Writes a commented wallbox.toml: a socket box on usual pins, with --mock one without patience."""
    values = _NEW_VALUES | (MOCK_VALUES if mock else {})
    return initial(Wallbox, values=values, commented=_OF_FEW if mock else _OPTIONAL, left_out=_MAPS)


def rewritten(table: Table, *, mock: bool) -> str | list[Fault]:
    """Returns a commented wallbox.toml with these values, or every fault of them."""
    return rewrite.rewritten(table, Wallbox, file=WALLBOX_FILE, rules=(partial(broken_rules, mock=mock),))


def declared_facts(box: Wallbox) -> tuple[str, ...]:
    """Says what this box is and what it does without, to be shown wherever the box is shown."""
    installation, cable = box.installation, box.cable
    kind = "socket" if cable.kind == "socket" else f"fixed cable of {cable.rating_a} A"
    phases = "3 phases" if installation.phases == 3 else "1 phase"
    facts = [
        f"{kind}, {phases}, {installation.max_current_a:g} A",
        f"meter {box.meter.model}",
    ]
    facts += _house_facts(box)
    facts.append(f"card reader {box.reader.model}" if box.reader else "no card reader")
    facts += ["no cable lock"] * (box.lock is None) + ["no thermometer"] * (box.temperature is None)
    return (*facts, *_protection_facts(box))


def _house_facts(box: Wallbox) -> list[str]:
    facts = []
    if (house := box.house) is not None:
        facts.append(f"house meter {house.model}, main fuse {house.fuse_a:g} A")
    if (dimming := box.dimming) is not None:
        installation = box.installation
        each_a = dimming.limit_w / (installation.phases * installation.nominal_voltage_v)
        pauses = " (under 6 A on each phase: dimming pauses)" if each_a < _LEAST_A else ""
        facts.append(f"dimming input, {dimming.limit_w:g} W{pauses}")
    return facts


def _protection_facts(box: Wallbox) -> list[str]:
    facts = [NO_RCM] * (box.rcm is None)
    if box.rcm is not None and box.rcm.test_pin is None:
        facts.append(RCM_WITHOUT_TEST)
    if box.lock is not None and box.lock.kind == "solenoid":
        facts.append("the cable lock lets the plug go when the power fails")
    return facts + [NO_WATCHDOG_LINE] * (box.contactor.watchdog_pin is None)
