"""All mutants."""

from __future__ import annotations

from tests.mutants.conditions import LIMITS, MAY_CLOSE, MUST_OPEN, STOP_OFFERING
from tests.mutants.copper import COPPER_RULES
from tests.mutants.ends import ENDS
from tests.mutants.former import FORMER
from tests.mutants.judges import HEAT_JUDGE, PILOT_JUDGE
from tests.mutants.mutant import Mutant
from tests.mutants.restarts import PEOPLE, RESTARTS
from tests.mutants.self_tests import SELF_TESTS
from tests.mutants.table import THE_TABLE
from tests.mutants.timers import FAULTS, THE_LOCK, TIMERS
from tests.mutants.watchdog_line import WATCHDOG_LINE

MUTANTS: list[Mutant] = [
    *MAY_CLOSE, *MUST_OPEN, *STOP_OFFERING, *LIMITS, *THE_LOCK, *TIMERS, *FAULTS,
    *SELF_TESTS, *WATCHDOG_LINE, *PILOT_JUDGE, *HEAT_JUDGE, *PEOPLE, *RESTARTS, *THE_TABLE, *ENDS,
    *COPPER_RULES, *FORMER,
]  # fmt: skip
