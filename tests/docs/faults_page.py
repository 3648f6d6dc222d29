"""docs/faults.md from the tables of `hal.core` and `bridge.core`: `python -m tests.docs.faults_page`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bridge.core.reporting.faults import report
from bridge.core.transaction.stop import ENDING, ENDING_IN_TIME, FAULT_PATIENCE_S, LOST_END_S
from hal.core.budget import LATE_S
from hal.core.control_pilot.visit import GONE_S
from hal.core.faults.table import KINDS, Kind
from hal.mock.plant.fault_names import FAULTS
from tests.hal.core.faults.test_every_fault import NO_FAULT
from tests.hal.core.provoked import PROVOKED

PAGE = Path(__file__).parents[2] / "docs" / "faults.md"
CLEARS = {
    "itself": "by itself, 1 s after its cause",
    "unplug": "when the plug is gone",
    "person": "by a person",
}
CLASSES = {
    "open": "**open**: the contactor opens or stays open while it stands; the status is Faulted",
    "derate": "**derate**: less is offered; the status stays as it is",
    "report": "**report**: it is told; nothing else changes",
}
HEAD = f"""# Faults

Written from the code by `python -m tests.docs.faults_page`; a test fails when it differs.

Each fault has one of three classes:

{chr(10).join(f"- {text}" for text in CLASSES.values())}

Times are `hal.safety`'s own, from the cause on its lines to its lines; the contactor needs up to 40 ms more.
"When the plug is gone" means that the cause is gone, too, and the pilot reads A: with a socket while the
proximity pilot sees no plug, with a fixed cable for {GONE_S:g} s. *Counts* is what good samples between
bad ones change; times are from the first bad sample to the command, for every pattern with a period of up to
12 samples of 10 ms. A tick over {LATE_S * 1000:g} ms late judges by its own sample alone: a bad one counts
for two, a pilot that is not in C opens, a good one confirms nothing. What ends by unplugging or by a
person (`evse-bridge clear`, which shows each and asks) outlasts a restart. After a fault of class open
nothing is offered for `contactor.after_fault_s` (30 s).

## What is noticed, and what `hal.safety` does
"""


def page() -> str:
    """The whole file."""
    return "\n".join([HEAD, *_noticed(), "", *_told(), "", *_names(), ""])


def _noticed() -> Iterator[str]:
    yield "| fault | class | noticed by | limit | counts | what is done | opens after | told after | ends |"
    yield "|---|---|---|---|---|---|---|---|---|"
    for name, kind in KINDS.items():
        opens = "–" if kind.opens_s is None else _time(kind.opens_s)
        cells = [
            f"`{name}`", kind.severity, kind.noticed, kind.limit, kind.counts, kind.does, opens,
            _time(kind.told_s), CLEARS[kind.clears],
        ]  # fmt: skip
        yield _row(cells)


def _told() -> Iterator[str]:
    yield "## What the Central System is told, and which name provokes it on the mock wallbox"
    yield ""
    yield "`vendorErrorCode` is the bit of Zaptec's warning word. A fault of class open that has stood for"
    yield f"{_time(FAULT_PATIENCE_S)} ends the transaction (`Other`); some end it at once."
    yield ""
    yield "| fault | status | errorCode | vendorErrorCode | info | transaction | `evse-bridge mock fault` |"
    yield "|---|---|---|---|---|---|---|"
    for name, kind in KINDS.items():
        told = report(name)
        names = sorted({f"`{provocation.text}`" for provocation in PROVOKED[name]})
        ends = f"ends: {ENDING[name]}" if name in ENDING else _goes_on(name, kind)
        cells = [
            f"`{name}`", "Faulted" if kind.severity == "open" else "as before", told.error_code,
            told.vendor_error_code or "–", told.info or "–", ends, ", ".join(names),
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
    for name, what in FAULTS.items():
        faults = [
            f"`{fault}`"
            for fault, provocations in PROVOKED.items()
            if any(provocation.name == name for provocation in provocations)
        ]
        yield _row([f"`{name}`", what, ", ".join(faults) or f"no fault: {NO_FAULT[name]}"])


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
