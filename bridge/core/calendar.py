"""The time, from the best source: a time server, then the Central System, then nobody.

Within one boot a source gives way to a better one only: after a time server has set the clock, the Central
System is not believed any more, also when the network is gone. Between its words time passes as
CLOCK_MONOTONIC does. What is known is remembered for this boot, so a restarted program knows it too.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from bridge.core.now import SINCE_BOOT, Now, in_words, moment_of
from bridge.core.rows import Change, Dated, Remembered

BUILT_AT = datetime(2025, 1, 1, tzinfo=UTC)  # of this release: whoever says less does not know the time
LAST = datetime(2099, 1, 1, tzinfo=UTC)
REPORTED_S = 60.0  # by so much a Central System may differ from a time server unnoticed
STEP_S = 5.0  # less is the way of a message, or a clock that is being slewed: nothing jumps for it
LONGEST_BOOT_S = 1e9  # 31 years
CLOCK = "clock"  # name of the remembered value

Source = Literal["time server", "Central System", "unset clock"]  # the best first
BEST_FIRST: tuple[Source, ...] = ("time server", "Central System", "unset clock")


@dataclass(frozen=True, slots=True)
class Seen:
    """The clocks of the machine, read at one moment."""

    s: float  # CLOCK_MONOTONIC
    utc: datetime
    synchronized: bool  # a time server sets it, says the kernel


@dataclass(frozen=True, slots=True)
class Anchor:
    """A time from a source: at `s` of this boot it was `at`."""

    source: Source
    at: datetime
    s: float

    def now(self, s: float) -> Now:
        """Returns the time of another moment of this boot."""
        return Now(s, self.at + timedelta(seconds=s - self.s), estimated=self.source == "unset clock")

    def apart_s(self, other: Anchor) -> float:
        """Says by how many seconds the two disagree."""
        return abs((self.now(other.s).utc - other.at).total_seconds())


class Calendar:
    """The UTC time of one boot, from the best source that has given one."""

    def __init__(self, boot_id: str, remembered: str | None) -> None:
        self._changes: list[Change] = []
        self._notes: list[str] = []
        self.boot_id = boot_id
        self._anchor = self._recalled(remembered)
        self._kept = self._anchor  # what the store knows
        self._system: Seen | None = None
        self._said: set[str] = set()

    def now(self, seen: Seen) -> Now:
        """Returns this moment. Without any source it counts from the boot."""
        self._system = seen
        if seen.synchronized and usable(seen.utc):
            self._adopt(Anchor("time server", seen.utc, seen.s))
        if self._anchor is None:
            return Now(seen.s, SINCE_BOOT + timedelta(seconds=seen.s))
        return self._anchor.now(seen.s)

    def again(self, now: Now) -> Now:
        """Returns the same moment, by what is known meanwhile."""
        return now if self._anchor is None else self._anchor.now(now.s)

    def heard(self, current_time: str, now: Now, *, accepted: bool) -> Now:
        """OCPP 1.6 6.4, 6.30: the Central System has said what time it is, whatever that text holds.

        `accepted`: it is the one that counts. If its time is of no use and nobody else knows it, there is
        only the machine's own clock left, as far as it can be true at all. Returns the same moment anew.
        """
        at = moment_of(current_time)
        if at is None or not usable(at):
            self._say(
                "unusable",
                f"the Central System's time {current_time[:40]!r} is not used: it must be RFC 3339, "
                f"from {BUILT_AT:%Y-%m-%d} to {LAST:%Y-%m-%d}",
            )
            if accepted and self._anchor is None:
                self._resort()
            return self.again(now)
        theirs = Anchor("Central System", at, now.s)
        if self._anchor is not None and self._anchor.source == "time server":
            self._compare(self._anchor, theirs)
        elif self._anchor is None or self._anchor.source != theirs.source or self._jumps(theirs):
            self._adopt(theirs)
        return self.again(now)

    def _recalled(self, text: str | None) -> Anchor | None:
        """Reads the anchor that was stored; None if it is unreadable or of another boot."""
        if text is None:
            return None
        try:
            of_boot, source, at, s = json.loads(text)
            if of_boot != self.boot_id:
                return None
            anchor = Anchor(source, datetime.fromisoformat(at), float(s))
            if source in BEST_FIRST and usable(anchor.at) and 0 <= anchor.s < LONGEST_BOOT_S:
                return anchor
            raise ValueError(f"{source!r} at {anchor.s:g} s")
        except (TypeError, ValueError, ArithmeticError, RecursionError) as error:
            self._notes.append(f"what was stored as {CLOCK!r} cannot be read and is dropped: {error}")
            return None

    def drain(self) -> tuple[tuple[Change, ...], tuple[str, ...]]:
        """Returns what is to be made durable, and what is for the log, since the last time."""
        taken = tuple(self._changes), tuple(self._notes)
        self._changes.clear()
        self._notes.clear()
        return taken

    def _jumps(self, anchor: Anchor) -> bool:
        return self._anchor is None or self._anchor.apart_s(anchor) > STEP_S

    def _compare(self, ours: Anchor, theirs: Anchor) -> None:
        apart_s = ours.apart_s(theirs)
        if apart_s > REPORTED_S:
            self._say(
                "differs",
                f"the Central System's time {in_words(theirs.at)} differs by {apart_s:.0f} s from "
                f"{in_words(ours.now(theirs.s).utc)} of a time server; the time server counts",
            )

    def _resort(self) -> None:
        system = self._system
        if system is not None and usable(system.utc):
            self._notes.append(
                "NOBODY KNOWS THE TIME: neither a time server nor the Central System. The box's own clock "
                f"says {in_words(system.utc)}; sessions are dated by it, and marked so"
            )
            self._adopt(Anchor("unset clock", system.utc, system.s))
        else:
            self._say(
                "nobody",
                "NOBODY KNOWS THE TIME, the box's own clock neither: sessions are recorded, and sent as soon "
                "as a time server or the Central System says what time it is",
            )

    def _adopt(self, anchor: Anchor) -> None:
        self._anchor = anchor
        kept = self._kept
        if kept is None or kept.source != anchor.source or kept.apart_s(anchor) > STEP_S:
            self._kept = anchor
            text = json.dumps([self.boot_id, anchor.source, anchor.at.isoformat(), anchor.s])
            self._changes.append(Remembered(CLOCK, text))

    def _say(self, topic: str, note: str) -> None:
        """Notes each topic once: a Central System sends its time at each Heartbeat."""
        if topic not in self._said:
            self._said.add(topic)
            self._notes.append(note)


def usable(moment: datetime) -> bool:
    """Says whether it can be now at all."""
    return BUILT_AT <= moment < LAST


class Undated:
    """Gives dates to the moments that have none, once, when the time becomes known.

    `step` comes before anything else of an event.
    """

    def __init__(self, boot_id: str, *, undated: bool) -> None:
        """Starts due when the store has moments without a date: `undated`."""
        self._boot_id = boot_id
        self._due = undated

    def step(self, now: Now, *, of_earlier_boot: bool) -> Dated | None:
        """Returns what the store is to do now; `now.place` does the same here.

        A transaction of an earlier boot ends first, in the seconds of that boot: some seconds at most.
        """
        if not now.dated:
            self._due = True
        if not self._due or not now.dated or of_earlier_boot:
            return None
        self._due = False
        return Dated(self._boot_id, now.booted_at, now.estimated)
