"""The owner's side as a process, with the page off, and a model of the bridge at its desk."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

from tests.bridge.local.desk_model import DeskModel
from tests.memory import MEMORY
from tests.system.waiting import until

PAGE_OFF = "[page]\nenabled = false\n"


class OwnerSide:
    """The process. `log` is all that it has said."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.desk = DeskModel(folder / "run")
        self.process: asyncio.subprocess.Process | None = None
        self._log = folder / "log"

    @property
    def log(self) -> str:
        """Returns what it has logged so far."""
        return self._log.read_text() if self._log.exists() else ""

    async def start(self, settings: str) -> None:
        """Starts it with these settings."""
        for name in ("config", "state", "run"):
            (self.folder / name).mkdir(exist_ok=True)
        (self.folder / "config" / "owner.toml").write_text(PAGE_OFF + settings)
        folders = [f"--{name}-dir={self.folder / folder}" for name, folder in
                   (("config", "config"), ("state", "state"), ("runtime", "run"))]  # fmt: skip
        with self._log.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "bridge.local", *folders, "--mock", stdout=log, stderr=log
            )

    async def says(self, words: str) -> None:
        """Waits until it has logged this."""
        await until(lambda: words in self.log, words)

    def resident_kb(self) -> int:
        """Returns the most memory that it ever had, kB (proc(5), VmHWM)."""
        assert self.process is not None
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0])

    async def end(self) -> None:
        """Ends it in order."""
        if self.process is not None and self.process.returncode is None:
            self.process.terminate()
            assert await self.process.wait() == 0, self.log

    async def kill(self) -> None:
        """Kills it with SIGKILL."""
        assert self.process is not None
        self.process.kill()
        await self.process.wait()


@contextlib.asynccontextmanager
async def owner_side() -> AsyncIterator[OwnerSide]:
    """Gives one that is not started yet; at the end none is left. An error of ours in it fails the test."""
    with tempfile.TemporaryDirectory(prefix="evse-", dir=MEMORY) as name:
        side = OwnerSide(Path(name))
        try:
            yield side
            assert "error of ours" not in side.log, side.log
            assert "Traceback" not in side.log, side.log
        finally:
            if side.process is not None and side.process.returncode is None:
                await side.kill()
