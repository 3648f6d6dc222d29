"""docs/process-death.md, from the results of a campaign."""

from __future__ import annotations

import statistics
from collections.abc import Iterable

from tests.deaths.campaign import Measured
from tests.deaths.cases import DEATHS, LIMIT_S, Outcome

_INTRODUCTION = """\
# How deaths of hal.safety during a charge were measured

For the **developer**; what it means for a box: [safety.md](safety.md#when-something-dies-or-hangs).

Written by `make deaths ARGS="--write docs/process-death.md"` (seed {seed}, {count} deaths and controls). In
each, `hal.safety` is a real process on the mock wallbox and dies at a random moment of a charge; times run
from the death until the mock saw the effect, in steps of 2 ms. The campaign plays systemd: a watchdog of 1 s
that only good ticks feed and that ends in SIGKILL, and `safe_outputs` after every end.
**Measured on a PC, not on a Raspberry Pi**: there `safe_outputs` takes longer to start.

- *line*: the contactor's line is low. *contacts*: its main contacts are open (the mock's need 10 ms).
- *pilot*: nothing is offered: x1, F, or the relay has disconnected the pilot.
- *kernel keeps*: a Raspberry Pi as it comes; *releases*: with `dtparam=strict_gpiod`.
- *lines*: the box has a watchdog line (`contactor.watchdog_pin`, a charge pump that holds for 100 ms) and a
  pilot relay (`pilot.connect_pin`).

Limit of each: {limit:g} s (IEC 61851-1 Table A.6 sequence 12). The car itself stops drawing within 3 s of x1
and at once without a pilot.
"""


def slowest_s(measured: Measured) -> float:
    """Of its outcomes; infinite when one never came."""
    return max(float("inf") if after_s is None else after_s for after_s in measured.after_s.values())


def page(results: list[Measured], seed: int) -> str:
    """The whole page."""
    lines = [_INTRODUCTION.format(seed=seed, count=len(results), limit=LIMIT_S)]
    lines += ["## Deaths", "", "| death | drops by | kernel | lines | n | line | contacts | pilot |"]
    lines += ["|---|---|---|---|---|---|---|---|", *_rows(results), "", "Median / longest, in ms.", ""]
    lines += [
        "## Negative controls",
        "",
        "The same without watchdog and `safe_outputs`, watched for 3 s:",
        "",
    ]
    lines += [f"- {_control(one)}" for one in results if one.case.stays is not None]
    return "\n".join(lines) + "\n"


def _rows(results: list[Measured]) -> Iterable[str]:
    for death in DEATHS:
        for kernel in ("keeps", "releases"):
            for has_lines in (False, True):
                those = [
                    one
                    for one in results
                    if (one.case.death, one.case.kernel, one.case.lines, one.case.stays)
                    == (death, kernel, has_lines, None)
                ]
                if those:
                    cells = " | ".join(_times(those, outcome) for outcome in ("line", "contacts", "pilot"))
                    yes = "yes" if has_lines else "no"
                    yield f"| {death.name} | {death.drops} | {kernel} | {yes} | {len(those)} | {cells} |"


def _times(those: list[Measured], outcome: Outcome) -> str:
    found = [one.after_s[outcome] for one in those]
    times_ms = [1000 * after_s for after_s in found if after_s is not None]
    if len(times_ms) < len(found):
        return "never"
    return f"{statistics.median(times_ms):.0f} / {max(times_ms):.0f}"


def _control(measured: Measured) -> str:
    stays = {
        "line": "the line stays high",
        "contacts": "the contacts stay closed",
        "pilot": "the offer stays",
    }
    assert measured.case.stays is not None
    seen = stays[measured.case.stays] if measured.right else "**it came back to safe: the control failed**"
    return f"{measured.case.name}: {seen}"
