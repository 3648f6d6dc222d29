"""How long a program may be silent, and who may feed its watchdog."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.run.watchdog import START_S, Patience, Watch, Watchdog


@given(st.lists(st.tuples(st.floats(0, 5), st.sampled_from([b"WATCHDOG=1", b"STATUS=x", b"", b"\xff"]))))
def test_only_food_renews_it(heard: list[tuple[float, bytes]]) -> None:
    patience, now_s, fed_at_s = Patience(1.0, 0.0), 0.0, 0.0
    patience.hear(b"READY=1", now_s)
    for pause_s, datagram in heard:
        now_s += pause_s
        patience.hear(datagram, now_s)
        fed_at_s = now_s if datagram == b"WATCHDOG=1" else fed_at_s
        assert patience.left_s(now_s) == pytest.approx(fed_at_s + 1.0 - now_s)


def test_a_start_may_take_a_minute_and_an_orderly_end_as_long_as_it_likes() -> None:
    patience = Patience(1.0, 0.0)
    patience.hear(b"STATUS=starting", 5.0)
    assert patience.left_s(START_S - 0.1) > 0 >= patience.left_s(START_S)
    patience.hear(b"READY=1\nSTATUS=Idle", 50.0)
    assert patience.left_s(51.0) == 0
    patience.hear(b"STOPPING=1", 50.5)
    patience.hear(b"STATUS=last words", 50.6)
    assert patience.left_s(1e9) > 0


async def test_a_socket_of_its_own_and_what_waits_unread_counts(tmp_path: Path) -> None:
    """A second life begins with an empty socket, and only this user may write to it."""
    watch = Watch(tmp_path / "watchdog-x", 0.05)
    for _ in range(2):
        with contextlib.closing(Watchdog(watch)) as watchdog:
            assert watch.path.stat().st_mode & 0o777 == 0o600
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as program:
                program.connect(watch.environment["NOTIFY_SOCKET"])
                program.send(b"READY=1")
                program.send(b"STATUS=x")
            await asyncio.wait_for(watchdog.silence(), 60)
    assert watch.environment["WATCHDOG_USEC"] == "50000"
