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
