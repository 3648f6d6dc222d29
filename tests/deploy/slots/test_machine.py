"""What the running box is asked before a version is tried: the version's own programs, started for real."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from bridge.local.orders import SOCKET_NAME
from deploy.slots.machine import RealMachine
from hal.contract import WALLBOX_FILE

# A version's Python, whose programs fail as the test wants it.
PYTHON = """#!/bin/sh
case "$*" in
*deploy.slots*) {updates} ;;
*"config check --config-dir {config}") {check} ;;
*"config migrate --config-dir {config} --json") {migrate} ;;
*) echo "not asked for: $*"; exit 1 ;;
esac
"""
OK = "exit 0"
MENDS = """echo '{"wallbox.toml": "x = 1"}'"""
REFUSES = "it refuses the configuration, change that first: "


@pytest.mark.parametrize(
    ("updates", "check", "migrate", "fault"),
    [
        (OK, OK, "exit 1", ""),
        (OK, "exit 2", MENDS, ""),
        (OK, "exit 2", "echo '{}'", f"{REFUSES}exit code 2"),
        (OK, "exit 2", 'echo \'{"../x": ""}\'', f"{REFUSES}exit code 2"),
        (OK, "exit 2", "echo nonsense", f"{REFUSES}exit code 2"),
        ("exit 1", OK, OK, "it has no program for updates that starts: none could follow it"),
        (
            OK,
            "printf 'wallbox.toml:12: pilot.pwm_channel: unknown key\\nagain\\n' >&2; exit 2",
            f"{MENDS}; exit 2",
            f"{REFUSES}wallbox.toml:12: pilot.pwm_channel: unknown key again",
        ),
        (OK, "exit 3", "exit 2", f"{REFUSES}exit code 3"),
    ],
)
def test_a_version_says_itself_what_is_against_it(
    tmp_path: Path, updates: str, check: str, migrate: str, fault: str
) -> None:
    python = tmp_path / "bin" / "python"
    python.parent.mkdir()
    config = tmp_path / "etc"
    config.mkdir()
    python.write_text(PYTHON.format(updates=updates, check=check, migrate=migrate, config=config))
    python.chmod(0o755)
    machine = RealMachine(tmp_path / "run", config)
    assert machine.fault(tmp_path) == fault
    assert machine.migrated(tmp_path) == ({WALLBOX_FILE: "x = 1"} if migrate == MENDS else {})


def test_one_that_cannot_be_started_at_all(tmp_path: Path) -> None:
    assert "no program for updates" in RealMachine(tmp_path, tmp_path).fault(tmp_path / "nowhere")


IDENTITY = b'{"version":"0.1.0.10","store_open":true,"central_system":"accepted"}\n'
NO_MORE = b'{"sessions":[]}\n'


def page(*row_ids: int, stopped: str = '"2026-11-30T00:00:00Z"') -> bytes:
    rows = ",".join(f'{{"row":{{"row_id":{one},"stopped_at":{stopped}}}}}' for one in row_ids)
    return f'{{"sessions":[{rows}]}}\n'.encode()


@contextlib.contextmanager
def bridge(runtime: Path, *replies: bytes) -> Iterator[None]:
    """A bridge that gives one after the other, the last one again and again."""
    (runtime / SOCKET_NAME).parent.mkdir(parents=True)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(runtime / SOCKET_NAME))
        listening.listen()

        def serve() -> None:
            with contextlib.suppress(OSError), listening.accept()[0] as link:
                left = list(replies)
                while link.recv(1000):
                    link.sendall(left.pop(0) if len(left) > 1 else left[0])

        server = threading.Thread(target=serve)
        server.start()
        try:
            yield
        finally:
            listening.shutdown(socket.SHUT_RDWR)  # if nobody came
            server.join()


@pytest.mark.parametrize(
    ("replies", "in_transaction"),
    [
        ([NO_MORE], False),
        ([page(1, 2), page(3), NO_MORE], False),
        ([page(1), page(2, stopped="null")], True),
    ],
)
def test_what_the_bridge_says(tmp_path: Path, replies: list[bytes], in_transaction: bool) -> None:
    machine = RealMachine(tmp_path, tmp_path)
    with bridge(tmp_path, IDENTITY, *replies):
        found = machine.bridge()
    assert found is not None
    assert (found.version, found.central_system, found.in_transaction) == (
        "0.1.0.10",
        "accepted",
        in_transaction,
    )


@pytest.mark.parametrize(
    "replies",
    [
        [b'{"x":' + b"[" * 100_000 + b"\n"],
        [IDENTITY, b'{"sessions":' + b"[" * 100_000 + b"\n"],
        [IDENTITY, page(1)],  # again and again
        [IDENTITY, page(1, 0)],
        [IDENTITY, page(2**70)],
        [b"no JSON\n"],
    ],
)
def test_a_bridge_in_a_stranger_s_hands_keeps_no_trial_from_its_end(
    tmp_path: Path, replies: list[bytes]
) -> None:
    with bridge(tmp_path, *replies):
        assert RealMachine(tmp_path, tmp_path).bridge() is None
