"""The dimming input: the grid operator leaves the box so many watts (Germany: section 14a EnWG, 4.2 kW).

Each dimming is a record that is kept as proof: when it began and ended, what was left, and when the box first
drew no more than that.
"""

from __future__ import annotations

from dataclasses import replace

from bridge.core.box_view import BoxView
from bridge.core.decisions import Decisions
from bridge.core.limits.cap import Cap, tenth_below
from bridge.core.now import Now, in_words
from bridge.core.rows import DimmingNoted, DimmingRow

NAME = "dimming by the grid operator"
RELEASE_S = 2.0  # a contact that bounces, or a wire that is loose, is dimmed


class Dimming:
    """Call `step` at every step. A line that is not read (a silent `hal.safety`) stays as it was."""

    def __init__(self, open_row: DimmingRow | None, next_id: int, boot_id: str, decisions: Decisions) -> None:
        """`open_row`: the dimming that had not ended when the program did."""
        self.decisions = decisions
        self._row = open_row
        self._next_id = next_id
        self._boot_id = boot_id
        self._released_s: float | None = None  # since when the line says so, while it is dimmed

    @property
    def dimmed(self) -> bool:
        """Says whether the limit holds."""
        return self._row is not None

    def step(self, box: BoxView, now: Now) -> None:
        """Follows the line, and notes what is proof."""
        line = box.dimmed
        if box.has_no_dimming and self._row is not None:
            self._end(now)  # the input was taken out of wallbox.toml
        if line is None:
            return
        if line:
            self._released_s = None
            if self._row is None:
                self._begin(box, now)
            self._obey(box, now)
        elif self._row is not None:
            self._released_s = now.s if self._released_s is None else self._released_s
            if now.s - self._released_s >= RELEASE_S:
                self._end(now)

    def date(self, now: Now) -> None:
        """Dates the open record: time is known now."""
        row = self._row
        if row is not None and row.boot_id == self._boot_id:
            obeyed_at = row.obeyed_at and now.place(row.obeyed_at)
            self._row = replace(row, began_at=now.place(row.began_at), obeyed_at=obeyed_at)

    def cap(self, box: BoxView) -> Cap | None:
        """Returns the limit; None: the operator leaves all."""
        if self._row is None:
            return None
        supply = box.supply
        # By the nominal voltage: 6 A are 4.14 kW, and a mains of 240 V must not make a pause of 4.2 kW.
        return Cap(NAME, tenth_below(self._row.limit_w / (supply.phases * supply.nominal_voltage_v)))

    def _begin(self, box: BoxView, now: Now) -> None:
        limit_w = box.dimming_w
        self._note(DimmingRow(self._next_id, self._boot_id, now.utc, limit_w))
        self._next_id += 1
        self.decisions.notes.append(f"{NAME} began at {in_words(now.utc)}: {limit_w:g} W are left")

    def _obey(self, box: BoxView, now: Now) -> None:
        row, reading = self._row, box.fresh_reading(now.s)
        if row is None or row.obeyed_at is not None or reading is None:
            return
        if reading.power_w <= row.limit_w:
            self._note(replace(row, obeyed_at=now.utc))
            self.decisions.notes.append(f"{NAME}: the box draws {reading.power_w:.0f} W")

    def _end(self, now: Now) -> None:
        if self._row is not None:
            self._note(replace(self._row, ended_at=now.utc))
            self.decisions.notes.append(f"{NAME} ended at {in_words(now.utc)}")
        self._row = self._released_s = None

    def _note(self, row: DimmingRow) -> None:
        self._row = row
        self.decisions.changes.append(DimmingNoted(row))
