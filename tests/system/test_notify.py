"""What the programs tell systemd, played by a datagram socket."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import socket
import sqlite3
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from bridge.store.schema import mark
from tests.memory import MEMORY
from tests.own_mounts import under
from tests.system import configured
from tests.system.programs import Programs
from tests.system.waiting import until

pytestmark = [pytest.mark.real, pytest.mark.distribution]


class Systemd:
    """Hears datagrams; never waits for one."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "notify"
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._socket.bind(str(self._path))
        self._heard: list[str] = []

    @property
    def environment(self) -> dict[str, str]:
        """Of a service with WatchdogSec=1."""
        return {**os.environ, "NOTIFY_SOCKET": str(self._path), "WATCHDOG_USEC": "1000000"}

    @property
    def heard(self) -> list[str]:
        while True:
            try:
                self._heard.append(self._socket.recv(4096).decode())
            except BlockingIOError:
                return self._heard

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="evse-", dir=MEMORY))
    configured.write(folder / "c", {}, {})
    for name in ("d", "r"):
        (folder / name).mkdir()
    (folder / "r" / "boot_id").write_text(f"{uuid.uuid4()}\n")
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def systemd(folder: Path) -> Iterator[Systemd]:
    systemd = Systemd(folder)
    yield systemd
    systemd.close()


@pytest.mark.parametrize(("module", "status"), [
    ("hal.instruments", "STATUS=meter: "), ("bridge", "STATUS=Idle"),
])  # fmt: skip
async def test_ready_then_fed_then_a_word_of_how_it_is(
    folder: Path, systemd: Systemd, module: str, status: str
) -> None:
    command = Programs(folder).program(module, "--mock")
    program = await asyncio.create_subprocess_exec(*command, env=systemd.environment)
    await until(lambda: systemd.heard.count("WATCHDOG=1") >= 5, "the watchdog is fed")
    await until(lambda: any(words.startswith(status) for words in systemd.heard), "a status")
    assert "READY=1" in systemd.heard[:3]
    program.terminate()
    assert await asyncio.wait_for(program.wait(), 60) == 0
    assert systemd.heard[-1] == "STOPPING=1"


async def test_why_the_database_is_not_to_be_had_is_what_systemd_shows(
    folder: Path, systemd: Systemd
) -> None:
    """The program lives and is fed; when the file is out of its way it goes on."""
    path = folder / "d" / "bridge.sqlite"
    with contextlib.closing(sqlite3.connect(path)) as newer:
        newer.execute("PRAGMA user_version = 99")
        mark(newer, 99)
    command = Programs(folder).program("bridge", "--mock")
    program = await asyncio.create_subprocess_exec(*command, env=systemd.environment)
    await until(lambda: systemd.heard.count("WATCHDOG=1") >= 5, "the watchdog is fed")
    assert systemd.heard[0].startswith(f"READY=1\nSTATUS={path}: schema version 99: ")
    path.unlink()
    await until(lambda: "STATUS=Idle" in systemd.heard, "it has begun an empty one")
    program.terminate()
    assert await asyncio.wait_for(program.wait(), 60) == 0


async def test_a_disk_that_takes_no_write_keeps_the_bridge_waiting(folder: Path, systemd: Systemd) -> None:
    """It says why once, in the log and to systemd."""
    read_only = under(f"mount --bind -o ro {folder / 'd'} {folder / 'd'}")
    command = [*read_only, *Programs(folder).program("bridge", "--mock")]
    program = await asyncio.create_subprocess_exec(
        *command, env=systemd.environment, stderr=asyncio.subprocess.PIPE
    )
    await until(lambda: systemd.heard.count("WATCHDOG=1") >= 25, "the watchdog is fed, over a second try")
    why = f"{folder / 'd' / 'bridge.sqlite'}: could not be opened: unable to open database file"
    assert systemd.heard[0].startswith(f"READY=1\nSTATUS={why}")
    program.kill()
    _, said = await program.communicate()
    lines = said.decode().splitlines()
    assert [line.partition("5 s: ")[2].startswith(why) for line in lines] == [True]
