"""Dimmed: what stays, from when to when, and the record that proves it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from bridge.core.decisions import Decisions
from bridge.core.limits.dimming import RELEASE_S, Dimming
from bridge.core.now import SINCE_BOOT, Now
from bridge.core.rows import DimmingNoted, DimmingRow
from tests.bridge.core.limits.test_installed_profiles import at, box_of
from tests.bridge.core.messages import reading, status


class Line:
    """A box with a dimming input, and who follows it."""

    def __init__(
        self, limit_w: float | None = 4200.0, phases: Any = 3, row: DimmingRow | None = None
    ) -> None:
        self.box = box_of(phases)
        assert self.box.box is not None
        self.box.box = msgspec.structs.replace(self.box.box, dimming_w=limit_w)
        self.decisions = Decisions()
        self.dimming = Dimming(row, 8, "boot-1", self.decisions)

    def reads(self, dimmed: bool | None, second: float, power_w: float = 0.0) -> list[DimmingRow]:
        """What is noted in that second."""
        now = at(second)
        self.box.status = status(now.s, dimmed=dimmed)
        self.box.reading = msgspec.structs.replace(reading(now.s), power_w=power_w)
        self.dimming.step(self.box, now)
        return [change.row for change in self.decisions.drain().changes if isinstance(change, DimmingNoted)]

    @property
    def limit_a(self) -> float | None:
        cap = self.dimming.cap(self.box)
        return None if cap is None else cap.limit_a


@pytest.mark.parametrize(
    ("phases", "limit_w", "limit_a"), [(3, 4200.0, 6.0), (1, 4200.0, 18.2), (3, 0.0, 0.0)]
)
def test_watts_become_amps_at_once(phases: int, limit_w: float, limit_a: float) -> None:
    line = Line(limit_w, phases)
    line.reads(False, 0)
    assert line.limit_a is None
    line.reads(True, 1)
    assert line.limit_a == limit_a


def test_a_mains_of_245_v_makes_no_pause_of_4200_w() -> None:
    line = Line()
    line.reads(True, 1)
    line.box.reading = msgspec.structs.replace(reading(at(1).s), voltage_v=(245.0,) * 3)
    assert line.limit_a == 6.0


def test_it_ends_2_s_after_the_contact_and_not_by_a_bounce() -> None:
    line = Line()
    for second, dimmed in enumerate((True, False, True, False)):
        line.reads(dimmed, second)
    assert line.reads(False, 3 + RELEASE_S - 0.1) == []
    limits_a = [line.limit_a]
    (row,) = line.reads(False, 3 + RELEASE_S)
    assert [*limits_a, line.limit_a] == [6.0, None]
    assert row.ended_at == at(3 + RELEASE_S).utc


def test_the_record_says_when_it_began_when_it_was_obeyed_and_when_it_ended() -> None:
    line = Line()
    (begun,) = line.reads(True, 10, power_w=11_000.0)
    assert begun == DimmingRow(8, "boot-1", at(10).utc, 4200.0)
    assert line.reads(True, 12, power_w=5000.0) == []
    (obeyed,) = line.reads(True, 14, power_w=4140.0)
    assert obeyed.obeyed_at == at(14).utc
    assert line.reads(True, 15, power_w=4140.0) == [], "once"
    line.reads(False, 100)
    (ended,) = line.reads(False, 102)
    assert (ended.dimming_id, ended.began_at, ended.ended_at) == (8, at(10).utc, at(102).utc)
    (other,) = line.reads(True, 200, power_w=9000.0)
    assert other.dimming_id == 9


def test_a_box_that_draws_nothing_obeys_at_once() -> None:
    begun, obeyed = Line().reads(True, 10)
    assert (begun.obeyed_at, obeyed.obeyed_at) == (None, at(10).utc)


def test_a_record_that_had_not_ended_goes_on_until_the_line_says_so() -> None:
    row = DimmingRow(7, "boot-0", at(-500).utc, 4200.0, at(-499).utc)
    line = Line(row=row)
    assert line.limit_a == 6.0
    assert line.reads(True, 1) == []
    line.reads(False, 2)
    (ended,) = line.reads(False, 4)
    assert ended == DimmingRow(7, "boot-0", at(-500).utc, 4200.0, at(-499).utc, at(4).utc)


def test_an_input_that_was_taken_out_dims_no_more() -> None:
    line = Line(None, row=DimmingRow(7, "boot-0", at(-500).utc, 4200.0))
    (ended,) = line.reads(None, 1)
    assert ended.ended_at == at(1).utc
    assert line.limit_a is None


def test_a_line_that_nobody_reads_changes_nothing() -> None:
    line = Line()
    line.box.status = None
    line.dimming.step(line.box, at(0))
    assert line.limit_a is None
    line.reads(True, 1)
    for second in (2, 10):
        line.box.status = status(at(second).s, dimmed=None)
        line.dimming.step(line.box, at(second))
    assert line.limit_a == 6.0


def test_what_began_without_a_date_gets_one() -> None:
    line = Line()
    undated = Now(50.0, SINCE_BOOT + timedelta(seconds=50))
    line.box.status = status(50.0, dimmed=True)
    line.dimming.step(line.box, undated)
    line.dimming.date(at(0))
    line.reads(False, 1)
    (ended,) = line.reads(False, 3)
    assert ended.began_at == at(0).at(50.0)
