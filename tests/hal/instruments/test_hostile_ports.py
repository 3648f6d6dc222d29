"""SIGTERM ends hal.instruments within its time, whatever hangs at its ports and in the kernel's folders."""

from __future__ import annotations

import asyncio
import os
import pty
import signal
import threading
import tty
from collections.abc import Iterator
from pathlib import Path

import pytest

from hal.configuration import wallbox_file
from hal.contract import WALLBOX_FILE
from tests.hal.instruments.waiting import PATIENCE_S, until
from tests.system.programs import Programs

SETTLE_S = 1.5  # the ports are open, and whatever hangs there hangs
PORTS = ("meter", "reader")


class Ports:
    """A runtime folder whose ports are as bad as they can be."""

    def __init__(self, folder: Path) -> None:
        self.programs = Programs(folder)
        self.runtime = self.programs.runtime
        for path in (self.programs.config, self.programs.state, self.runtime):
            path.mkdir()
        (self.programs.config / WALLBOX_FILE).write_text(wallbox_file.new_file(mock=True))
        self.ended = threading.Event()
        self.masters: list[int] = []

    def link_pty(self, name: str) -> tuple[int, int]:
        """Master and slave of a raw pty that the port points to."""
        master, slave = pty.openpty()
        tty.setraw(slave)
        self.masters.append(master)
        (self.runtime / name).symlink_to(os.ttyname(slave))
        return master, slave

    def fifos(self) -> None:
        for name in PORTS:
            os.mkfifo(self.runtime / name)

    def never_read(self) -> None:
        """Nothing takes what the driver sends, and the buffers are full."""
        for name in PORTS:
            _, slave = self.link_pty(name)
            os.set_blocking(slave, False)
            try:
                while os.write(slave, b"x" * 4096):
                    pass
            except BlockingIOError:
                pass

    def flood(self) -> None:
        for name in PORTS:
            master, _ = self.link_pty(name)
            threading.Thread(target=self._flood, args=(master,), daemon=True).start()

    def _flood(self, master: int) -> None:
        while not self.ended.is_set():
            try:
                os.write(master, os.urandom(1024))
            except OSError:
                return

    def vanish(self) -> None:
        """The ports hang up as soon as they are open."""
        for name in PORTS:
            master, slave = self.link_pty(name)
            os.close(slave)
            threading.Timer(1.0, os.close, (master,)).start()
            self.masters.remove(master)

    def thermometer_hangs(self) -> None:
        folder = self.runtime / "w1" / "28-000000000001"
        folder.mkdir(parents=True)
        os.mkfifo(folder / "w1_slave")

    def chip_hangs(self) -> None:
        """A file that the event loop itself reads."""
        folder = self.runtime / "thermal" / "thermal_zone0"
        folder.mkdir(parents=True)
        os.mkfifo(folder / "temp")

    def close(self) -> None:
        self.ended.set()
        for master in self.masters:
            os.close(master)


@pytest.fixture
def ports(folder: Path) -> Iterator[Ports]:
    made = Ports(folder)
    yield made
    made.close()


@pytest.mark.parametrize("bad", [
    Ports.fifos, Ports.never_read, Ports.flood, Ports.vanish, Ports.thermometer_hangs, Ports.chip_hangs,
], ids=lambda bad: bad.__name__)  # fmt: skip
@pytest.mark.parametrize("model", ["rdm6300", "pn532"])
async def test_sigterm_ends_it(ports: Ports, bad: object, model: str) -> None:
    path = ports.programs.config / WALLBOX_FILE
    path.write_text(path.read_text().replace('model = "rdm6300"', f'model = "{model}"'))
    assert callable(bad)
    bad(ports)
    running = await asyncio.create_subprocess_exec(*ports.programs.program("hal.instruments", "--mock"))
    try:
        await until(lambda: catches(running.pid, signal.SIGTERM))
        await asyncio.sleep(SETTLE_S)
        assert running.returncode is None
        running.terminate()
        code = await asyncio.wait_for(running.wait(), PATIENCE_S)
    finally:
        if running.returncode is None:
            running.kill()
            await running.wait()
    assert code in (0, -signal.SIGALRM)


def catches(pid: int, number: signal.Signals) -> bool:
    """Its own handler is there: before, a signal ends any program at once."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    (caught,) = (line.split()[1] for line in lines if line.startswith("SigCgt:"))
    return bool(int(caught, 16) >> (number - 1) & 1)
