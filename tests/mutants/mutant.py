"""What a mutant is, and where the tests stand that are named."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mutant:
    """`old` stands once in `hal/core/<module>.py` and becomes `new`; `test` must fail then."""

    name: str
    module: str
    old: str
    new: str
    test: str


CONTRACT = "../contract"
CLOSE, OPEN = "test_may_close.py::test_", "test_must_open.py::test_"
OFFER, PILOT = "control_pilot/test_offer.py::test_", "control_pilot/test_levels.py::test_"
VEHICLE = "control_pilot/test_vehicle.py::test_"
LOCK, PLUG = "plug/test_lock.py::test_", "plug/test_proximity_pilot.py::test_"
JUDGE, HEAT, STOP = (
    f"supervision/test_{name}.py::test_" for name in ("supervision", "thermal", "stop_button")
)
SELF, PILOT_TEST = "self_tests/test_rcm.py::test_", "self_tests/test_pilot.py::test_"
RHYTHM, COPPER = "test_rhythms.py::test_", "test_copper.py::test_"
STORED, TABLE = "test_persistent_state.py::test_", "faults/test_table.py::test_"


def timer(module: str, name: str, value: str, other: str, test: str) -> Mutant:
    """A constant with another value; the number may stand in a tuple."""
    return Mutant(f"{name} {value} -> {other}", module, f"{name} = {value}", f"{name} = {other}", test)


def rows(module: str, *changes: tuple[str, str, str, str]) -> list[Mutant]:
    """`changes` are name, old, new, test."""
    return [Mutant(name, module, old, new, test) for name, old, new, test in changes]
