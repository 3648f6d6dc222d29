"""PURE: sessions as a table of text, at most 60 columns wide while an idTag has 14 characters."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from datetime import datetime, tzinfo

from bridge.core.now import is_dated
from bridge.core.rows import Session
from bridge.local.session_table import delivery, kwh, moment
from hal.visible import visible

HEAD = f"{'nr':>5}  {'begun':<16}  {'for':>6}  {'kWh':>9}  card"
INDENT = " " * 7
_AGAIN = "it is sent again automatically"


def lines(session: Session, so_far_wh: int | None, zone: tzinfo | None, columns: int) -> Iterator[str]:
    """Yields the line of the table, and what is to be said beside it. `so_far_wh`: of one that runs, if it is
    known; `zone`: of the times, None: the machine's own."""
    row = session.row
    energy_wh = so_far_wh if session.energy_wh is None else session.energy_wh
    head = f"{row.row_id:>5}  {begun(row.started_at, zone):<16}  {lasted(session):>6}"
    yield f"{head}  {kwh(energy_wh) or '-':>9}  {visible(row.id_tag) or '(none)'}"
    if remark := _remark(session):
        yield from textwrap.wrap(remark, max(40, columns), initial_indent=INDENT, subsequent_indent=INDENT)


def begun(at: datetime, zone: tzinfo | None) -> str:
    """Writes the moment in the zone; of one without a date the seconds of its boot."""
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M}" if is_dated(at) else moment(at)


def lasted(session: Session) -> str:
    """Writes hours and minutes; `-` while it runs, or where one of its ends has no date."""
    started, stopped = session.row.started_at, session.row.stopped_at
    if stopped is None or is_dated(started) != is_dated(stopped):
        return "-"
    minutes = max(0, int((stopped - started).total_seconds()) // 60)
    return f"{minutes // 60}:{minutes % 60:02}"


def _remark(session: Session) -> str:
    """Says what is not as it usually is: an end is Local, and delivered."""
    row, parts = session.row, []
    if (where := delivery(session)) != "delivered":
        parts.append(where)
    if row.given_up is not None:
        again = _AGAIN if row.given_up_for_now else f"--resend {row.row_id} sends it again"
        parts[-1] += f": {visible(row.given_up)}; {again}"
    elif session.waiting:
        parts[-1:] = [*parts[-1:], _waiting(session.waiting)]
    if row.stop_reason not in (None, "Local"):
        parts.append(f"ended by {visible(row.stop_reason or '')}")
    if row.stop_estimated:
        parts.append("energy estimated")
    if row.time_estimated:
        parts.append("time estimated")
    return ", ".join(parts)


def _waiting(count: int) -> str:
    return "1 message waits" if count == 1 else f"{count} messages wait"
