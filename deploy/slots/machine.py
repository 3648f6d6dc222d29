"""The running box as an update sees it: its units, the socket of `hal.safety`, the bridge's own socket."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol, TypeVar

import msgspec

from bridge.local import orders
from bridge.local.exchange import exchange
from deploy.slots import systemd
from deploy.slots.looking import PYTHON
from deploy.slots.names import ConfigFile
from deploy.slots.proof import Bridge, Program, Safety, Seen
from deploy.slots.systemd import PROGRAMS
from hal import contract
from hal.contract import KERNEL_BOOT_ID_FILE, Hello, LineBuffer, Status

ANSWER_S = 3.0  # of a program that is asked
BOOKS_S = 60.0  # all sessions of a box at the first look: 20,000 on a slow card
LOAD_S = 60.0  # a slow card
READ_BYTES = 65_536
Said = TypeVar("Said")


class Machine(Protocol):
    """What an update needs of the machine; each method raises SystemdError where systemd refuses."""

    def is_active(self) -> bool:
        """Says whether the programs are to run."""

    def stop(self, *names: str) -> None:
        """Stops units in order, and returns when they have ended."""

    def start(self, *names: str) -> None:
        """Starts units in order, and returns when they are ready."""

    def see(self) -> Seen:
        """Looks at all the programs once."""

    def fault(self, slot: Path) -> str:
        """Says why that version need not even be tried; empty: nothing is known against it."""

    def migrated(self, slot: Path) -> Mapping[ConfigFile, str]:
        """Returns the text that it needs in place of each configuration file of an older version."""

    def now_s(self) -> float:
        """Returns a time that only rises."""

    def pause(self, s: float) -> None:
        """Waits so many seconds."""

    def boot_id(self) -> str:
        """Says which boot this is."""

    def calendar(self) -> datetime:
        """Returns date and time in UTC, as far as they are known."""


class _Identity(msgspec.Struct, frozen=True):
    """What counts of `orders.Identity`; a bridge of before there were slots says less."""

    version: str = ""
    store_open: bool = False
    central_system: str = ""


class _Row(msgspec.Struct, frozen=True):
    """What counts of a transaction, in every version."""

    row_id: orders.RowId
    stopped_at: str | None = None


class _Session(msgspec.Struct, frozen=True):
    """What counts of a session."""

    row: _Row


class _Page(msgspec.Struct, frozen=True):
    """What counts of `orders.Page`."""

    sessions: tuple[_Session, ...] = ()


class RealMachine:
    """The machine that this program runs on."""

    def __init__(self, runtime: Path, config: Path) -> None:
        self._runtime = runtime
        self._config = config
        self._settled_id = 0  # up to this session all have ended

    def is_active(self) -> bool:
        """Says whether the programs are to run."""
        return systemd.is_active()

    def stop(self, *names: str) -> None:
        """Stops units in order. Raises SystemdError."""
        systemd.stop(*names)

    def start(self, *names: str) -> None:
        """Starts units in order. Raises SystemdError."""
        systemd.start(*names)

    def see(self) -> Seen:
        """Looks at the programs once, at most some seconds long."""
        return Seen(tuple(_program(name) for name in PROGRAMS), self._safety(), self.bridge())

    def fault(self, slot: Path) -> str:
        """Loads its program for updates, as `systemd/updater` will; lets it check the configuration, as it is
        or as it would change it."""
        if not _ran(slot, "-c", "import deploy.slots.__main__").well:
            return "it has no program for updates that starts: none could follow it"
        safety = self._safety()
        mock = ("--mock",) if safety is not None and safety.mock else ()
        checked = _ran(slot, *self._config_command("check"), *mock)
        if checked.well or (self.migrated(slot) and os.access(self._config, os.W_OK)):
            return ""
        return f"it refuses the configuration, change that first: {checked.said}"

    def migrated(self, slot: Path) -> Mapping[ConfigFile, str]:
        """Asks that version; one that cannot say, or refuses, changes nothing."""
        done = _ran(slot, *self._config_command("migrate"), "--json")
        try:
            return msgspec.json.decode(done.out if done.well else b"{}", type=dict[ConfigFile, str])
        except ValueError:
            return {}

    def _config_command(self, name: str) -> tuple[str, ...]:
        return "-m", "bridge.cli.main", "config", name, "--config-dir", str(self._config)

    def now_s(self) -> float:
        """Returns the monotonic clock."""
        return time.monotonic()

    def pause(self, s: float) -> None:
        """Sleeps so many seconds."""
        time.sleep(s)

    def boot_id(self) -> str:
        """Returns the kernel's own name of this boot."""
        return Path(KERNEL_BOOT_ID_FILE).read_text().strip()

    def calendar(self) -> datetime:
        """Returns date and time in UTC, as far as they are known."""
        return datetime.now(UTC)

    def _safety(self) -> Safety | None:
        try:
            with _connected(self._runtime / contract.SOCKET_NAME) as link:
                link.sendall(contract.encode(Hello(role="observer")))
                status = _first_status(link)
        except (OSError, ValueError):
            return None
        closed = status.contactor_closed or status.contactor_commanded
        wished = status.limits_a.get("wish", 0.0) > 0  # which outlives a bridge that stops
        return Safety(status.start_id, status.seq, closed or wished, status.mock)

    def bridge(self) -> Bridge | None:
        """Asks the bridge how it is; None: it does not answer, or not as one that can be believed."""
        try:
            with _connected(self._runtime / orders.SOCKET_NAME) as link:
                said = _asked(link, orders.Identify(), _Identity, time.monotonic() + ANSWER_S)
                running = self._in_transaction(link, time.monotonic() + BOOKS_S)
        except (OSError, ValueError):
            return None
        return Bridge(said.version, said.store_open, said.central_system, in_transaction=running)

    def _in_transaction(self, link: socket.socket, until_s: float) -> bool:
        """Says whether a session has not ended. Raises OSError, ValueError."""
        while True:
            page = _asked(link, orders.ListSessions(self._settled_id), _Page, until_s)
            if not page.sessions:
                return False
            for session in page.sessions:
                if session.row.stopped_at is None:
                    return True
                if session.row.row_id <= self._settled_id:
                    raise ValueError("a session of an earlier page")  # else the pages had no end
                self._settled_id = session.row.row_id


def _asked(link: socket.socket, order: orders.Order, kind: type[Said], until_s: float) -> Said:
    """Returns the bridge's reply to an order, as one of that kind. Raises OSError, ValueError."""
    try:
        return msgspec.json.decode(exchange(link, orders.encode(order), until_s), type=kind)
    except RecursionError:
        raise ValueError("nested too deeply") from None


@dataclass(frozen=True, slots=True)
class _Ran:
    """How a program ended."""

    well: bool
    said: str = ""  # why not
    out: bytes = b""


def _ran(slot: Path, *words: str) -> _Ran:
    """Runs a program of that version to its end."""
    command = [str(slot / PYTHON), "-I", *words]
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=LOAD_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return _Ran(False, str(error))
    said = " ".join((done.stdout + done.stderr).decode(errors="replace").split())
    return _Ran(done.returncode == 0, said or f"exit code {done.returncode}", done.stdout)


def _program(name: str) -> Program:
    """Asks systemd for it. Raises SystemdError."""
    unit = systemd.unit(name)
    return Program(name, unit.active, unit.restarts, unit.pid)


@contextlib.contextmanager
def _connected(path: Path) -> Iterator[socket.socket]:
    """Connects, with a bound for every wait. Raises OSError."""
    with socket.socket(socket.AF_UNIX) as link:
        link.settimeout(ANSWER_S)
        link.connect(str(path))
        yield link


def _first_status(link: socket.socket) -> Status:
    """Reads until a Status comes. Raises OSError, also when none comes in time; ValueError for no message."""
    lines = LineBuffer()
    end_s = time.monotonic() + ANSWER_S
    while time.monotonic() < end_s and (received := link.recv(READ_BYTES)):
        for line in lines.feed(received):
            message = contract.decode(line)
            if isinstance(message, Status):
                return message
    raise TimeoutError("no Status in time")
