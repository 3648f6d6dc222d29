"""Log lines and systemd's datagrams, which never hold anything up."""

from __future__ import annotations

import os
import socket
from itertools import chain
from pathlib import Path

import pytest

from hal.safety.journal import WAITING, Journal, Notify


def test_writes_lines_in_order_some_at_a_time() -> None:
    reading_end, writing_end = os.pipe()
    journal = Journal(writing_end)
    for number in range(20):
        journal.say(f"line {number}")
    written: list[list[str]] = []
    for _ in range(3):
        journal.emit()
        written.append(os.read(reading_end, 65_536).decode().splitlines())
    assert max(len(lines) for lines in written) == 8
    assert list(chain(*written)) == [f"line {number}" for number in range(20)]
    os.close(reading_end)
    os.close(writing_end)


def test_a_line_stays_one_line_of_bounded_length() -> None:
    reading_end, writing_end = os.pipe()
    journal = Journal(writing_end)
    journal.say("first\nsecond" + "x" * 10_000)
    journal.emit()
    written = os.read(reading_end, 65_536)
    assert written.startswith(b"first second")
    assert written.count(b"\n") == 1
    assert len(written) == 500
    os.close(reading_end)
    os.close(writing_end)


def test_counts_what_does_not_fit() -> None:
    reading_end, writing_end = os.pipe()
    journal = Journal(writing_end)
    for _ in range(WAITING + 5):
        journal.say("x")
    assert journal.dropped == 5
    os.close(reading_end)
    os.close(writing_end)


def test_survives_a_closed_pipe() -> None:
    reading_end, writing_end = os.pipe()
    os.close(reading_end)
    journal = Journal(writing_end)
    journal.say("nobody reads this")
    journal.emit()
    assert journal.dropped == 1
    os.close(writing_end)


@pytest.fixture
def systemd(runtime_dir: Path) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    listener.bind(str(runtime_dir / "notify"))
    listener.setblocking(False)
    return listener


def test_feeds_the_watchdog_four_times_in_its_time(systemd: socket.socket, runtime_dir: Path) -> None:
    notify = Notify({"NOTIFY_SOCKET": str(runtime_dir / "notify"), "WATCHDOG_USEC": "1000000"})
    fed = []
    for tick in range(100):
        notify.feed_watchdog(tick * 0.02)
        try:
            fed.append((tick * 0.02, systemd.recv(100)))
        except BlockingIOError:
            continue
    assert {words for _, words in fed} == {b"WATCHDOG=1"}
    assert len(fed) == 8
    notify.close()
    systemd.close()


def test_a_deaf_systemd_holds_nothing_up(systemd: socket.socket, runtime_dir: Path) -> None:
    notify = Notify({"NOTIFY_SOCKET": str(runtime_dir / "notify")})
    for _ in range(10_000):
        notify.send("READY=1")
    systemd.close()
    notify.send("READY=1")
    notify.close()


def test_speaks_to_an_abstract_socket() -> None:
    name = f"evse-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind("\0" + name)
        notify = Notify({"NOTIFY_SOCKET": "@" + name})
        notify.send("READY=1")
        assert listener.recv(100) == b"READY=1"
        notify.close()


def test_without_systemd_it_says_nothing() -> None:
    notify = Notify({})
    notify.send("READY=1")
    notify.feed_watchdog(1.0)
    notify.close()
