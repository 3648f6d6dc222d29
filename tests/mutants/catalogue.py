"""All mutants."""

from __future__ import annotations

from tests.mutants.conditions import LIMITS, MAY_CLOSE, MUST_OPEN, STOP_OFFERING
from tests.mutants.mutant import Mutant
from tests.mutants.timers import FAULTS, THE_LOCK, TIMERS

MUTANTS: list[Mutant] = [*MAY_CLOSE, *MUST_OPEN, *STOP_OFFERING, *LIMITS, *THE_LOCK, *TIMERS, *FAULTS]
