"""`evse-bridge report`: a month by card, for people, as CSV and as JSON."""

from __future__ import annotations

import csv
import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.cli import month, report
from bridge.cli.month import Price
from bridge.cli.report import Wanted
from bridge.core.now import SINCE_BOOT
from bridge.core.rows import Session, TransactionStarted
from bridge.folders import Folders, MisuseError
from bridge.store import Database
from tests.bridge.store.model import EPOCH, a_row, a_stop
from tests.memory import MEMORY

BERLIN = timezone(timedelta(hours=2))  # of April


def a_session(
    row_id: int, began: datetime = EPOCH, energy_wh: int | None = 1000, tag: str = "04AA"
) -> Session:
    row = replace(a_row(row_id), id_tag=tag, started_at=began, meter_start_wh=5_000)
    if energy_wh is None:
        return Session(row, 0)
    end = began + timedelta(minutes=95)
    return Session(replace(row, stopped_at=end, meter_stop_wh=5_000 + energy_wh, stop_reason="Local"), 0)


def test_the_report_for_people() -> None:
    those = [a_session(1), a_session(2, tag="04BB"), a_session(3, energy_wh=12_345, tag="04aa"), a_session(4)]
    those[3] = replace(those[3], row=replace(those[3].row, stop_estimated=True))
    running, undated = a_session(5, energy_wh=None), a_session(6, SINCE_BOOT + timedelta(seconds=5))
    found = month.month("2026-04", "04AA", [*those, running, undated], BERLIN)
    assert list(month.lines(found, Price(Decimal("0.345")))) == [
        "2026-04, card 04AA",
        "day          for  reading from     to kWh       kWh      EUR",
        "17 19:34    1:35         5.000      6.000     1.000     0.35",
        "17 19:34    1:35         5.000     17.345    12.345     4.26",
        "17 19:34*   1:35         5.000      6.000     1.000     0.35",
        "3 sessions                                   14.345     4.96",
        "",
        "* the energy or the time is estimated: evse-bridge sessions says which",
        "1 session of 2026-04 not ended yet: in no sum",
        "1 session without a date, since nobody knew the time: in no month",
        month.NO_EVIDENCE,
    ]


def test_a_session_belongs_to_the_month_in_which_it_began_where_the_box_is() -> None:
    last_evening = datetime(2026, 4, 30, 22, 30, tzinfo=UTC)  # half past midnight, in May
    assert month.month("2026-04", None, [a_session(1, last_evening)], BERLIN).sessions == ()
    assert len(month.month("2026-05", None, [a_session(1, last_evening)], BERLIN).sessions) == 1
    assert next(month.lines(month.month("2026-04", None, [], BERLIN), None)).startswith("no session")


@given(st.lists(st.tuples(st.integers(0, 200_000), st.sampled_from(["A", "a", "B", ""])), max_size=12))
def test_all_that_ended_is_in_one_sum_and_amounts_add_up(drawn: list[tuple[int, str]]) -> None:
    those = [a_session(nr, energy_wh=wh, tag=tag) for nr, (wh, tag) in enumerate(drawn, start=1)]
    found, price = month.month("2026-04", None, those, UTC), Price(Decimal("0.29"))
    _, *rows = month.rows(found, price)
    assert sum(Decimal(row[6]) for row in rows) == Decimal(sum(wh for wh, _ in drawn)) / 1000
    sums = [line.split() for line in month.lines(found, price) if "session" in line and line[0].isdigit()]
    assert sum((Decimal(row[9]) for row in rows), Decimal(0)) == sum(
        (Decimal(line[-1]) for line in sums), Decimal(0)
    )
    assert sum(int(line[0]) for line in sums) == len(drawn)


@pytest.fixture
def folders() -> Iterator[Folders]:
    made = Path(tempfile.mkdtemp(prefix="evse-", dir=MEMORY))
    with closing(Database(made / "bridge.sqlite")) as store:
        store.apply([TransactionStarted(replace(a_row(1), id_tag="=1+1")), a_stop(1)])
    yield Folders(made, made, made, mock=True)
    shutil.rmtree(made)


def test_the_table_for_programs(folders: Folders) -> None:
    """A formula is none any more in the table of a spreadsheet; JSON needs no such mark."""
    file = folders.state / "F.csv"
    wanted = Wanted("2026-04", price="0,50", currency="CHF")
    assert report.export(folders, wanted, file) == f"1 session of 2026-04 written to {file}"
    with file.open(encoding="utf-8", newline="") as written:
        (row,) = csv.DictReader(written)
    assert tuple(row) == month.COLUMNS
    assert (row["id_tag"], row["energy_kwh"], row["amount"], row["currency"]) == (
        "'=1+1",
        "0.999",
        "0.50",
        "CHF",
    )
    assert json.loads(report.as_json(folders, wanted)) == [{**row, "id_tag": "=1+1"}]
    assert any("calibration law" in line for line in report.shown(folders, wanted))


@pytest.mark.parametrize(
    ("wanted", "says"),
    [
        (Wanted("2026-13"), "MONTH 2026-13: must be a year and a month"),
        (Wanted("April"), "must be a year and a month"),
        (Wanted("2026-04", price="x"), "--price x: must be 0 to 1000 EUR"),
        (Wanted("2026-04", price="nan"), "must be 0 to 1000"),
        (Wanted("2026-04", price="-0.1"), "must be 0 to 1000"),
        (Wanted("2026-04", price="1e9"), "must be 0 to 1000"),
        (Wanted("2026-04", price="1", currency="Euro"), "--currency Euro: must be three capital letters"),
    ],
)
def test_what_cannot_be_meant(folders: Folders, wanted: Wanted, says: str) -> None:
    with pytest.raises(MisuseError, match=says):
        list(report.shown(folders, wanted))
