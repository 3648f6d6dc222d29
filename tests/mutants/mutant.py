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


CLOSE, OPEN = "test_may_close.py::test_", "test_must_open.py::test_"
OFFER, JUDGE, LOCK, PILOT = (f"test_{name}.py::test_" for name in ("offer", "supervision", "lock", "pilot"))
SELF, STOP = "test_rcm_test.py::test_", "test_stop_button.py::test_"
PILOT_TEST, VEHICLE, PLUG = (f"test_{name}.py::test_" for name in ("pilot_test", "vehicle", "plug"))
RHYTHM, COPPER = "test_rhythms.py::test_", "test_copper.py::test_"
HEAT, KEPT, TABLE = (f"test_{name}.py::test_" for name in ("thermal", "kept", "fault_table"))


def timer(module: str, name: str, value: str, other: str, test: str) -> Mutant:
    """A constant with another value; the number may stand in a tuple."""
    return Mutant(f"{name} {value} -> {other}", module, f"{name} = {value}", f"{name} = {other}", test)


def rows(module: str, *changes: tuple[str, str, str, str]) -> list[Mutant]:
    """`changes` are name, old, new, test."""
    return [Mutant(name, module, old, new, test) for name, old, new, test in changes]
