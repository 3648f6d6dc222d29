"""The two campaigns of power cuts: in the first boot, and while cars charge."""

from __future__ import annotations

import dataclasses
import random
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from bridge.demo.central_system import CentralSystem
from tests.image.judged import ACTIVE, boot_faults, ledger_faults
from tests.image.log_writes import Write, copied, entries, survivors, writes_on
from tests.image.machine import BootError, Card, Report, running

BOOT_S = 600.0  # an emulated boot on a busy machine
SESSION_S = 45.0  # a cut falls somewhere within so much after a boot: before, in and between sessions
DELIVERED_S = 120.0


@dataclass(frozen=True, slots=True)
class Cut:
    """One power cut and the boot after it; no faults: good."""

    what: str
    faults: tuple[str, ...]
    took_s: float


@dataclass(frozen=True, slots=True)
class Depth:
    """How far a boot goes after a cut in the first boot."""

    arguments: str
    services: Mapping[str, str]
    own_clock: bool


@dataclass(frozen=True, slots=True)
class Recorded:
    """A whole first boot: the card before it, the log of its writes, and how many entries are of it."""

    untouched: Path
    log: Path
    inside: int


ALL = Depth("evse.test=boot", ACTIVE, own_clock=True)
# To the end of the first boot alone: minutes less, and no program of ours needs a clock that is never late.
SHALLOW = Depth(
    "evse.test=first systemd.unit=basic.target", dict.fromkeys(ACTIVE, "inactive"), own_clock=False
)


def first_boot(card: Card, folder: Path, log: Path, depth: Depth) -> tuple[Report, int]:
    """Boots the new card for the first time, with a log of its writes. Returns the report, and the number of
    entries that were written before the first boot had ended. Raises BootError."""
    with running(card, depth.arguments, folder / "console", log, own_clock=depth.own_clock) as machine:
        machine.until("the first boot's end", lambda report: report["what"] == "began", BOOT_S)
        inside = len(entries(log))
        report = machine.until("booted", lambda report: report["what"] == "booted", BOOT_S)
    return report, inside


def in_first_boot(
    card: Card, recorded: Recorded, count: int, draw: random.Random, depth: Depth
) -> Iterator[Cut]:
    """Cuts the recorded first boot at drawn writes; each time the card is rebuilt as it was, and boots."""
    log = entries(recorded.log)
    writes = [at for at in range(recorded.inside) if isinstance(log[at], Write)]
    for number in range(1, count + 1):
        began_s = time.monotonic()
        cut = draw.choice(writes) + 1
        kept = survivors(log, cut, draw)
        copied(recorded.untouched, card.disk)
        writes_on(card.disk, recorded.log, kept)
        console = card.disk.with_name(f"first-{number}.console")
        faults = _booted_after_cut(card, console, depth)
        what = f"first boot, entry {cut} of {recorded.inside}, {len(kept)} writes kept"
        yield Cut(what, faults, time.monotonic() - began_s)


def _booted_after_cut(card: Card, console: Path, depth: Depth) -> tuple[str, ...]:
    try:
        with running(card, depth.arguments, console, own_clock=depth.own_clock) as machine:
            report = machine.until("booted", lambda report: report["what"] == "booted", BOOT_S)
    except BootError as error:
        return (str(error),)
    return tuple(boot_faults(report, depth.services))


def in_sessions(card: Card, folder: Path, count: int, draw: random.Random) -> Iterator[Cut]:
    """Boots, charges, and cuts the power at a drawn moment; the next boot goes on with what the card kept."""
    log, before = folder / "log", dataclasses.replace(card, disk=folder / "before.img")
    for number in range(1, count + 1):
        began_s = time.monotonic()
        copied(card.disk, before.disk)
        moment_s = draw.uniform(0, SESSION_S)
        faults: tuple[str, ...] = ()
        try:
            with running(card, "evse.test=sessions", folder / f"session-{number}.console", log) as machine:
                report = machine.until("booted", lambda report: report["what"] == "booted", BOOT_S)
                faults = tuple(boot_faults(report))
                time.sleep(moment_s)
                last = machine.reports()[-1]["what"]
        except BootError as error:
            faults, last = (str(error),), "nothing"
        recorded = entries(log)
        kept = survivors(recorded, len(recorded), draw)
        before.disk.replace(card.disk)
        writes_on(card.disk, log, kept)
        what = f"in sessions, {moment_s:.0f} s after the boot, after `{last}`, {len(recorded)} entries"
        yield Cut(what, faults, time.monotonic() - began_s)


def ledger(card: Card, folder: Path, system: CentralSystem) -> tuple[str, ...]:
    """Boots once more, waits until all is delivered, and compares. A car that is still there is no fault: its
    transaction has ended with the power."""
    with running(card, "evse.test=boot", folder / "last.console") as machine:
        report = machine.until("booted", lambda report: report["what"] == "booted", BOOT_S)
        give_up_s = time.monotonic() + DELIVERED_S
        while time.monotonic() < give_up_s:
            faults = _ledger_faults(system, report)
            if not faults:
                break
            time.sleep(1)
    return (*boot_faults(report), *_ledger_faults(system, report))


def _ledger_faults(system: CentralSystem, report: Report) -> list[str]:
    found = system.ledger
    return ledger_faults(list(found.transactions.values()), len(found.loose), report["received_wh"])
