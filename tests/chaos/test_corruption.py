"""A short part of the campaign of damaged databases, and that it can fail."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.chaos.corruption import WAITS, campaign, fill, judge, readable

DATABASES = 40


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    logging.disable()
    yield
    logging.disable(logging.NOTSET)


def test_no_damaged_database_keeps_the_box_from_coming_up() -> None:
    told = list(campaign(DATABASES, seed=20261129))
    assert not [fault for _, each in told for fault in each.faults]
    assert sum(each.kept_aside for _, each in told) > DATABASES / 2
    assert sum(each.sessions for _, each in told) > 10 * DATABASES


def test_a_session_that_is_neither_sent_nor_a_dead_letter_is_missed(tmp_path: Path) -> None:
    """Its row is whole, and what was still to be sent of it is gone without a trace."""
    path = tmp_path / "bridge.sqlite"
    fill(path)
    whole = readable(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for table in ("outbox", "samples"):
            connection.execute(f"DELETE FROM {table} WHERE row_id = ?", (WAITS[1],))
        connection.execute("UPDATE transactions SET transaction_id = 5 WHERE row_id = ?", (WAITS[1],))
    (fault,) = judge(path, whole).faults
    assert fault.startswith(f"session {WAITS[1]} was not sent, and is no dead letter")
