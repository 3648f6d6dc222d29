"""Long without a Central System: nothing is lost, the replay is in order, and it takes no more memory."""

from __future__ import annotations

import tracemalloc
from contextlib import closing
from pathlib import Path

import pytest

from bridge.store import Database
from tests.bench.offline import fill, replay

SESSIONS, SAMPLES = 80, 8


def test_everything_is_told_once_and_in_order(path: Path) -> None:
    with closing(Database(path)) as store:
        fill(store, SESSIONS, SESSIONS * SAMPLES)
        assert store.backlog() == SESSIONS * (SAMPLES + 2)
        told = list(replay(store))
        one = ["start", *["values"] * SAMPLES, "stop"]
        assert [ref.kind for ref in told] == one * SESSIONS
        assert told == sorted(told, key=lambda ref: (ref.row_id, one.index(ref.kind), ref.seq))
        assert len(set(told)) == len(told)
        assert store.backlog() == 0
        assert len(store.rows(10 * SESSIONS)) == SESSIONS, "the history stays"


def test_what_does_not_divide_is_stored_too(path: Path) -> None:
    with closing(Database(path)) as store:
        fill(store, 7, 17)
        assert store.backlog() == 17 + 2 * 7


@pytest.mark.parametrize("sessions", [25, 250])
def test_the_replay_holds_one_message_at_a_time(path: Path, sessions: int) -> None:
    with closing(Database(path)) as store:
        fill(store, sessions, sessions * SAMPLES)
        tracemalloc.start()
        try:
            for number, _ in enumerate(replay(store)):
                if number == 200:
                    break
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert peak < 400_000
