"""`python -I -m hal.safety.bolt RUNTIME_DIR CLAIM`: holds a solenoid lock, and outlives `hal.safety`.

A solenoid without power lets the plug go. A line is an input again once its process has closed it, and at
every death where the kernel releases lines; a plug behind a welded contactor is live then. So the line
belongs to this process. It does what its master says: `hal.safety`, on the socket, one life after the other.
Without a master it goes on holding a locked bolt, until the next one comes or the power goes; it ends once it
holds nothing.
CLAIM is a `Claim` as JSON. No configuration, no gpiozero.
"""

import fcntl
import json
import os
import socket
import sys
from pathlib import Path
from typing import Protocol, TypedDict

from hal import lgpio_module
from hal.contract import BOLT_SOCKET_NAME
from hal.safety.companion import stand_aside

LOCK, UNLOCK = b"lock", b"unlock"  # the master's words; its first is its own CLAIM
LOCKED, UNLOCKED = b"locked", b"unlocked"  # the answers; any other is why it cannot be done
MOST_BYTES = 1024
_LOCK_NAME = "bolt.lock"  # in the runtime folder: one holder at a time
_FIRST_WITHIN_S = 10.0  # whoever started it has died before it came
_TAKEN = 3


class Claim(TypedDict):
    """Names the line and its box: `line_map` is the mock's file, None on a Pi; `gpio_chip` is the Pi's."""

    runtime_dir: str
    line_map: str | None
    gpio_chip: int | None
    line: int


class _Line(Protocol):
    """One output. `failures` is what its methods raise."""

    failures: tuple[type[Exception], ...]

    def claim(self, level: int) -> None: ...

    def write(self, level: int) -> None: ...


class _ChipLine:
    """A line of the Pi's chip. gpiozero would claim it as an input, then as a low output, and the bolt would
    drop."""

    def __init__(self, chip: int, line: int, runtime_dir: Path) -> None:
        lgpio = lgpio_module.loaded(runtime_dir, *lgpio_module.ANYWHERE)
        self.failures: tuple[type[Exception], ...] = (OSError, lgpio.error)
        self._lgpio, self._line = lgpio, line
        self._handle = lgpio.gpiochip_open(chip)

    def claim(self, level: int) -> None:
        """Claims the line as an output, from its first instant at this level."""
        self._lgpio.gpio_claim_output(self._handle, self._line, level)

    def write(self, level: int) -> None:
        self._lgpio.gpio_write(self._handle, self._line, level)


class _MapLine:
    """A line of the mock's map."""

    def __init__(self, path: Path, line: int) -> None:
        from hal.mock.pi.line_map import LineBusyError, LineMap  # in mock mode only

        self.failures: tuple[type[Exception], ...] = (OSError, LineBusyError)
        self._map, self._line = LineMap.open(path), line

    def claim(self, level: int) -> None:
        self._map.claim(self._line, os.getpid())
        self._map.make_output(self._line, high=bool(level))

    def write(self, level: int) -> None:
        self._map.drive(self._line, high=bool(level))


class Bolt:
    """The solenoid's line: unclaimed until the first order, and then claimed with the ordered level."""

    def __init__(self, claim: Claim) -> None:
        line, chip, runtime_dir = claim["line"], claim["gpio_chip"], Path(claim["runtime_dir"])
        map_of_mock = Path(claim["line_map"] or "")
        self._line: _Line = (
            _MapLine(map_of_mock, line) if chip is None else _ChipLine(chip, line, runtime_dir)
        )
        self._claim = claim
        self._claimed = self.locked = False

    def obey(self, word: bytes) -> bytes:
        """Carries out one word and returns the answer."""
        try:
            if word in (LOCK, UNLOCK):
                self._put(word == LOCK)
            elif json.loads(word) != self._claim:
                line = self._claim["line"]
                return f"a solenoid at GPIO{line} holds a plug: switch the power off first".encode()
        except self._line.failures as error:
            return str(error).encode()[:MOST_BYTES] or b"it failed"
        return LOCKED if self.locked else UNLOCKED

    def _put(self, high: bool) -> None:
        if self._claimed:
            self._line.write(high)
        else:
            self._line.claim(high)
        self._claimed, self.locked = True, high


def _serve(listening: socket.socket, bolt: Bolt) -> None:
    """Serves until there is neither a master nor a bolt to hold."""
    listening.settimeout(_FIRST_WITHIN_S)
    while True:
        try:
            master, _ = listening.accept()
        except TimeoutError:
            return
        listening.settimeout(None)
        with master:
            _obey(master, bolt)
        if not bolt.locked:
            return


def _obey(master: socket.socket, bolt: Bolt) -> None:
    try:
        while word := master.recv(MOST_BYTES):
            master.send(bolt.obey(word))
    except (BrokenPipeError, ConnectionResetError):
        return


def _alone(runtime_dir: Path) -> bool:
    lock = os.open(runtime_dir / _LOCK_NAME, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def main(arguments: list[str]) -> int:
    """Returns 0 when it holds nothing any more, 3 when another one lives."""
    stand_aside(3)
    runtime_dir, claim = Path(arguments[0]), json.loads(arguments[1])
    if not _alone(runtime_dir):
        return _TAKEN
    path = runtime_dir / BOLT_SOCKET_NAME
    path.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listening:
        listening.bind(os.fspath(path))
        listening.listen()
        _leave_the_log()
        _serve(listening, Bolt(claim))
    return 0


def _leave_the_log() -> None:
    """Leaves the log: who reads it waits for its end, and this may last. Errors go to the master."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
