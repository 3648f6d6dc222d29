"""The three campaigns of power cuts: in the first boot, in an update, and while cars charge.

First boot and update are recorded once, with the log of all writes. Each cut then makes the card as it was,
plus the writes up to a drawn one, and boots it.
"""

from __future__ import annotations

import copy
import dataclasses
import random
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bridge.demo.ledger import Ledger
from deploy.slots.names import WANTED
from tests.image.bench import Bench
from tests.image.guest import SHALLOW
from tests.image.judged import ACTIVE, boot_faults, ledger_faults, update_faults
from tests.image.log_writes import Entry, Write, copied, entries, survivors, writes_on
from tests.image.machine import Boot, BootError, Report, running
from tests.image.newer import Versions

HANG_S = 3600.0  # of this machine, which may be busy; the guest itself gives up by its own clock
SESSION_S = (
    60.0  # guest's; a cut falls somewhere within so much after a boot: before, in and between sessions
)
DELIVERED_S = 600.0


@dataclass(frozen=True, slots=True)
class Cut:
    """One power cut and the boot after it; no faults: good."""

    what: str
    faults: tuple[str, ...]
    took_s: float


@dataclass(frozen=True, slots=True)
class Depth:
    """How far a boot after a cut goes."""

    arguments: str
    services: Mapping[str, str]


FIRST = Depth("evse.test=boot", ACTIVE)
UPDATE = Depth("evse.test=settled", ACTIVE)
# Without systemd: kernel, initramfs, the first boot's own program; after an update also evse-update-boot's.
SHALLOW_FIRST = Depth(f"evse.test=first {SHALLOW}", {})
SHALLOW_UPDATE = Depth(f"evse.test=slots {SHALLOW}", {})


@dataclass(frozen=True, slots=True)
class Recorded:
    """What was recorded: the card before it, the mock's disk after it, the log, and of which entries each
    part of it is; what the Central System knew, and what was stored."""

    before: Path
    mock: Path
    log: Path
    parts: Mapping[str, range]
    ledger: Ledger
    stored: Mapping[str, Any]

    def drawn(self, count: int, draw: random.Random) -> list[Drawn]:
        """Draws writes, of each part in turn."""
        log = entries(self.log)
        names = [name for name, part in self.parts.items() if any(isinstance(log[at], Write) for at in part)]
        found = []
        for number in range(count):
            name = names[number % len(names)]
            writes = [at for at in self.parts[name] if isinstance(log[at], Write)]
            found.append(Drawn(name, draw.choice(writes) + 1, draw.getrandbits(32)))
        return found

    def cut(self, bench: Bench, drawn: Drawn) -> str:
        """Leaves on the bench what the power cut leaves; says what it was."""
        log: list[Entry] = entries(self.log)
        kept = survivors(log, drawn.entry, random.Random(drawn.seed))
        bench.takes(self.before, self.mock)
        writes_on(bench.card.disk, self.log, kept)
        last = max(part.stop for part in self.parts.values())
        return f"{drawn.part}, entry {drawn.entry} of {last}, {len(kept)} writes kept"


@dataclass(frozen=True, slots=True)
class Drawn:
    """A cut after so many entries of the log; the seed says which of the last writes are lost."""

    part: str
    entry: int
    seed: int


def first_boot(bench: Bench) -> tuple[Report, Recorded]:
    """Boots the new card for the first time, to all services. Raises BootError."""
    card, log = bench.card, bench.folder / "first.log"
    before = copied(card.disk, bench.folder / "untouched.img")
    mock = copied(card.mock, bench.folder / "untouched-mock.img")
    with running(card, Boot(FIRST.arguments, bench.console("first"), log)) as machine:
        machine.until("the first boot's end", _said("began"), HANG_S)
        inside = len(entries(log))
        report = machine.until("booted", _said("booted"), HANG_S)
        report = report | {"slowest": machine.until("where time went", _said("slowest"), HANG_S)}
    parts = {"first boot": range(inside)}
    return report, Recorded(before, mock, log, parts, Ledger({}), {})


def in_first_boot(bench: Bench, recorded: Recorded, drawn: Drawn, depth: Depth) -> Cut:
    """Cuts the recorded first boot, and boots."""
    began_s = time.monotonic()
    what = recorded.cut(bench, drawn)
    try:
        report = _booted(bench, f"first-{drawn.entry}", depth)
        faults = tuple(boot_faults(report, depth.services))
    except BootError as error:
        faults = (str(error),)
    return Cut(what, faults, time.monotonic() - began_s)


def _booted(bench: Bench, name: str, depth: Depth) -> Report:
    boot = Boot(depth.arguments, bench.console(name))
    with running(bench.card, boot) as machine:
        return machine.until("booted", _said("booted"), HANG_S)


def update(bench: Bench, versions: Versions) -> tuple[tuple[str, ...], Recorded]:
    """Charges, with a Central System that is gone at the end, then updates by the owner's command; returns
    what is wrong with the outcome too. Raises BootError."""
    card, log, system = bench.card, bench.folder / "update.log", bench.outside
    before = copied(card.disk, bench.folder / "before-update.img")
    with running(card, Boot("evse.test=update", bench.console("update"), log)) as machine:
        machine.until("charging", _said("charging"), HANG_S)
        system.stop()
        ledger = copy.deepcopy(system.system.ledger)
        begun = machine.until("an update", _said("update"), HANG_S)
        from_ = len(entries(log))
        machine.until(
            "a new slot", lambda report: "is verified and unpacked" in report.get("line", ""), HANG_S
        )
        unpacked = len(entries(log))
        updated = machine.until("an update's end", _said("updated"), HANG_S)
        rested = machine.until("a system at rest", _said("at rest"), HANG_S)
        end = len(entries(log))
    system.listen()
    mock = copied(card.mock, bench.folder / "mock-after-update.img")
    parts = {"unpacking": range(from_, unpacked), "switch and trial": range(unpacked, end)}
    faults = []
    if updated["code"] != 0:
        faults.append(f"evse-bridge update ended with {updated['code']}: {updated['said']}")
    if rested["running"] != [versions.new]:
        faults.append(f"{rested['running']} run, not {versions.new}")
    return tuple(faults), Recorded(before, mock, log, parts, ledger, begun["stored"])


def in_update(bench: Bench, recorded: Recorded, drawn: Drawn, versions: Versions, depth: Depth) -> Cut:
    """Cuts the recorded update, and boots: one good version, and what was not delivered is there. A deep one
    also waits until the Central System has it."""
    began_s = time.monotonic()
    what = recorded.cut(bench, drawn)
    bench.outside.goes_on_with(recorded.ledger)
    boot = Boot(depth.arguments, bench.console(f"update-{drawn.entry}"))
    try:
        with running(bench.card, boot) as machine:
            report = machine.until("booted", _said("booted"), HANG_S)
            # What waits for its trial waits for our services.
            allowed = (versions.old, versions.new, *(() if depth.services else (WANTED,)))
            faults = (
                *boot_faults(report, depth.services, allowed),
                *update_faults(report, versions.digests),
            )
            if depth.services:
                faults = (*faults, *_delivered(bench, report))
            elif report["stored"] != recorded.stored:
                faults = (*faults, f"stored is {report['stored']}, was {recorded.stored}")
            what += f", {report['current']} runs"
    except BootError as error:
        faults = (str(error),)
    return Cut(what, faults, time.monotonic() - began_s)


def in_sessions(bench: Bench, count: int, draw: random.Random) -> Iterator[Cut]:
    """Boots, charges, and cuts the power at a drawn moment; the next boot goes on with what the card kept."""
    card, log = bench.card, bench.folder / "log"
    before = dataclasses.replace(card, disk=bench.folder / "before.img")
    for number in range(1, count + 1):
        began_s = time.monotonic()
        copied(card.disk, before.disk)
        moment_s = draw.uniform(0, SESSION_S)
        faults: tuple[str, ...] = ()
        try:
            with running(card, Boot("evse.test=sessions", bench.console(f"s{number}"), log)) as machine:
                report = machine.until("booted", _said("booted"), HANG_S)
                faults = tuple(boot_faults(report))
                until_s = report["up_s"] + moment_s
                machine.until("the cut", _up(until_s), HANG_S)
                last = [each["what"] for each in machine.reports() if each["what"] != "tick"][-1]
        except BootError as error:
            faults, last = (str(error),), "nothing"
        recorded = entries(log)
        kept = survivors(recorded, len(recorded), draw)
        before.disk.replace(card.disk)
        writes_on(card.disk, log, kept)
        what = f"in sessions, {moment_s:.0f} s after the boot, after `{last}`, {len(recorded)} entries"
        yield Cut(what, faults, time.monotonic() - began_s)


def ledger(bench: Bench) -> tuple[str, ...]:
    """Boots once more, waits until all is delivered, and compares. A car that is still there is no fault: its
    transaction has ended with the power."""
    with running(bench.card, Boot(FIRST.arguments, bench.console("last"))) as machine:
        report = machine.until("booted", _said("booted"), HANG_S)
        return (*boot_faults(report), *_delivered(bench, report))


def _delivered(bench: Bench, report: Report) -> list[str]:
    """Waits until the ledger is true; returns what is wrong with it at last."""
    give_up_s = time.monotonic() + DELIVERED_S
    while faults := _ledger_faults(bench, report):
        if time.monotonic() > give_up_s:
            break
        time.sleep(1)
    return faults


def _ledger_faults(bench: Bench, report: Report) -> list[str]:
    found = bench.outside.system.ledger
    return ledger_faults(list(found.transactions.values()), len(found.loose), report["received_wh"])


def _said(what: str) -> Any:
    return lambda report: report["what"] == what


def _up(until_s: float) -> Any:
    return lambda report: report["up_s"] >= until_s
