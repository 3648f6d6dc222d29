"""`evse-bridge run`: all programs in the foreground, until SIGTERM or SIGINT."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

from bridge import config_files
from bridge.folders import CommandError, Folders, MisuseError, unusable
from bridge.local.orders import SOCKET_NAME
from bridge.run.output import Output
from bridge.run.programs import WATCHDOG_FILE, Programs

STDOUT = 1
SOCKET_PATH_LIMIT = 107  # bytes, unix(7)
LONGEST_NAME = max(SOCKET_NAME, f"{WATCHDOG_FILE}instruments", key=len)
LOCK_NAME = "run.lock"
BANNER = "*** MOCK WALLBOX: simulated; no car is charged, and nobody is billed."


def run(folders: Folders, *, new_config: bool) -> int:
    """Returns the exit code. `new_config`: missing files are written first.

    Raises MisuseError for a wrong configuration, CommandError when it cannot start.
    """
    if len(os.fsencode(folders.runtime / LONGEST_NAME)) > SOCKET_PATH_LIMIT:
        raise MisuseError(f"{folders.runtime}: too long for a socket in it; choose a shorter --runtime-dir")
    with Output(STDOUT) as output:
        reboot = _live(folders, Programs(folders, output.say), new_config=new_config)
    return subprocess.run(["systemctl", "reboot"], check=False).returncode if reboot else 0


def _live(folders: Folders, programs: Programs, *, new_config: bool) -> bool:
    """Says, at the end, whether the Raspberry Pi is to be rebooted."""
    if folders.mock:
        programs.say("run", BANNER)
    if new_config:
        for line in config_files.init(folders.config, mock=folders.mock):
            programs.say("run", f"*** CONFIGURATION {line}")
    for line in config_files.check(folders.config, mock=folders.mock):
        programs.say("run", line)
    for folder, option in ((folders.state, "--state-dir"), (folders.runtime, "--runtime-dir")):
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise unusable(error, option) from None
    with _claimed(folders.runtime):
        return asyncio.run(programs.live())


@contextlib.contextmanager
def _claimed(runtime_dir: Path) -> Iterator[None]:
    """Lets one `run` use a runtime folder. Raises CommandError."""
    try:
        opened = (runtime_dir / LOCK_NAME).open("w")
    except OSError as error:
        raise unusable(error, "--runtime-dir") from None
    with opened as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CommandError(
                f"{runtime_dir}: another `evse-bridge run` uses this folder; end that one or name "
                "another folder"
            ) from None
        yield
