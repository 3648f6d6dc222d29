"""The core of before, whose judgements began anew at each good sample: both campaigns must go red on it."""

from __future__ import annotations

from tests.mutants.mutant import Mutant, rows

_LIVES = ("test_campaign.py::test_no_life_breaks", "test_any_life.py::TestAnyLife")
FORMER: list[Mutant] = [
    mutant
    for test in _LIVES
    for mutant in rows(
        "tally",
        (
            f"former counters, {test.partition('::')[0]}",
            "self._count = max(0.0, self._count - GIVES_BACK)",
            "self._count = 0.0",
            test,
        ),
    )
]
