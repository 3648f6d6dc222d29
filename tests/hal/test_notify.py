"""systemd's datagrams, which never hold anything up."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from hal.notify import Notify

pytestmark = pytest.mark.distribution


@pytest.fixture
def systemd(short_folder: Path) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    listener.bind(str(short_folder / "notify"))
    listener.setblocking(False)
    return listener


def test_feeds_the_watchdog_four_times_in_its_time(systemd: socket.socket, short_folder: Path) -> None:
    notify = Notify({"NOTIFY_SOCKET": str(short_folder / "notify"), "WATCHDOG_USEC": "1000000"})
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


def test_a_deaf_systemd_holds_nothing_up(systemd: socket.socket, short_folder: Path) -> None:
    notify = Notify({"NOTIFY_SOCKET": str(short_folder / "notify")})
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
