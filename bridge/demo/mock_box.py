"""The box of the demo: new folders with a mock configuration, its programs, and clients of their sockets."""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
import signal
import sys
import tempfile
import time
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from pathlib import Path

import msgspec

from bridge import config_files, settings
from bridge.demo.session import Stage, StepError
from bridge.folders import CommandError, Folders
from bridge.run.child import show, started
from hal import contract

SAMPLE_INTERVAL_S = 5
RUN_ENDS_S = 40.0  # what `run` grants its four programs, and some
RETRY_S = 0.1
LAST_FILES_S = 10.0  # the 6 s until a car leaves C, and some
LEDGER_S = 10.0

CHARGE_POINT = """\
# MOCK: written by `evse-bridge demo`.
[central_system]
url = "{url}"

[charge_point]
id = "MOCKDEMO"
serial_number = "MOCKDEMO"

[ocpp.keys]
MeterValueSampleInterval = {interval_s}
"""


@contextlib.asynccontextmanager
async def running(stage: Stage, central_system_url: str) -> AsyncIterator[Folders]:
    """Runs all programs, which `stage` hears; afterwards they have ended in order, the folders are gone.

    Raises CommandError when they cannot be started or do not end in order.
    """
    with _new_folder() as root:
        folders = _furnished(root, central_system_url)
        run = [sys.executable, "-I", "-u", "-m", "bridge.cli.main", "run"]
        programs = await started([*run, *folders.arguments])
        followed = asyncio.create_task(_follow(programs, stage))
        ears = [asyncio.create_task(ear) for ear in _ears(folders.runtime, stage)]
        try:
            yield folders
        finally:
            for ear in ears:
                ear.cancel()
            await _end(programs)
            followed.cancel()


@contextlib.contextmanager
def _new_folder() -> Iterator[Path]:
    """Removes it afterwards, also when the programs of a killed `run` still write into it."""
    # Not the user's TMPDIR: the path of a socket must be short.
    root = Path(tempfile.mkdtemp(prefix="evse-demo-", dir="/tmp"))
    try:
        yield root
    finally:
        give_up_s = time.monotonic() + LAST_FILES_S
        while root.exists() and time.monotonic() < give_up_s:
            shutil.rmtree(root, ignore_errors=True)
            time.sleep(RETRY_S)


def _furnished(root: Path, url: str) -> Folders:
    """Writes a mock configuration; energy flows 60 times as fast (MOCK_VALUES of `hal.configuration`)."""
    folders = Folders(root / "config", root / "state", root / "run", mock=True)
    folders.config.mkdir()
    text = CHARGE_POINT.format(url=url, interval_s=SAMPLE_INTERVAL_S)
    (folders.config / settings.FILE_NAME).write_text(text, encoding="utf-8")
    config_files.init(folders.config, mock=True)
    return folders


async def _follow(programs: Process, stage: Stage) -> None:
    await show(programs, "", stage.logged)
    stage.fell(f"`evse-bridge run` ended with {await programs.wait()}")


async def _end(programs: Process) -> None:
    """Sends SIGTERM; `run` ends its programs in order. Were it killed, they would end by themselves."""
    if programs.returncode is not None:
        return
    with contextlib.suppress(ProcessLookupError):  # it has just ended
        programs.terminate()
    await asyncio.wait([asyncio.create_task(programs.wait())], timeout=RUN_ENDS_S)
    if programs.returncode is None:
        programs.kill()
        await programs.wait()
    # A `run` that SIGTERM ends had not yet begun with its programs.
    if programs.returncode not in (0, -signal.SIGTERM):
        raise CommandError(f"`evse-bridge run` did not end in order within {RUN_ENDS_S:g} s")


def _ears(runtime_dir: Path, stage: Stage) -> tuple[Coroutine[None, None, None], ...]:
    hello = contract.encode(contract.Hello(role="observer"))
    return (
        _listen(
            runtime_dir / contract.MOCK_SOCKET_NAME,
            b'{"do": "watch"}\n',
            lambda line: stage.heard_plant(json.loads(line)),
        ),
        _listen(
            runtime_dir / contract.SOCKET_NAME, hello, lambda line: stage.heard_hal(contract.decode(line))
        ),
    )


async def _listen(path: Path, first: bytes, heard: Callable[[bytes], None]) -> None:
    """Listens until cancelled: a program may come late, be killed and come back."""
    while True:
        with contextlib.suppress(OSError):
            reader, writer = await asyncio.open_unix_connection(path, limit=contract.LINE_LIMIT)
            try:
                writer.write(first)
                while line := await reader.readline():
                    heard(line)
            finally:
                writer.close()
        await asyncio.sleep(RETRY_S)


async def received_wh(state_dir: Path) -> float:
    """Reads the car's own ledger, in the plug-in that ended last. Raises StepError when none is on disk."""
    path = state_dir / "mock" / "ledger.json"
    try:
        async with asyncio.timeout(LEDGER_S):
            while True:
                last = _last_plug_in(path)
                if last is not None and last.unplugged_s is not None:
                    return last.received_wh
                await asyncio.sleep(RETRY_S)
    except TimeoutError:
        why = f"the car's ledger does not say within {LEDGER_S:g} s that it has left"
        raise StepError(f"{path}: {why}") from None


class _PlugIn(msgspec.Struct, frozen=True):
    received_wh: float
    unplugged_s: float | None  # None: still plugged in


def _last_plug_in(path: Path) -> _PlugIn | None:
    try:
        plug_ins = msgspec.json.decode(path.read_bytes(), type=list[_PlugIn])
    except FileNotFoundError:  # not kept yet
        return None
    return plug_ins[-1] if plug_ins else None
