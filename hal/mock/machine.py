"""Faults of `hal.safety` as a program: it is held up, killed, or loses its stored state."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
from collections.abc import Callable
from pathlib import Path

from hal.contract import STATE_FILE
from hal.mock.plant.fault_names import MACHINE
from hal.mock.simulated_box import SimulatedBox

log = logging.getLogger("hal.mock")

BUSY_S = 1.5  # longer than the late limit of a mock box without real-time priority (1 s)


class Machine:
    """Carries out the faults of MACHINE that are set on the plant; what happens once is cleared then."""

    def __init__(self, box: SimulatedBox, contactor_pin: int, state_dir: Path) -> None:
        """Takes whoever drives `contactor_pin` for `hal.safety`."""
        self._box = box
        self._pin = contactor_pin
        self._state_file = state_dir / STATE_FILE
        self._blocker = self._state_file.with_name(STATE_FILE + ".new")  # where the next version is written
        self._blocked = self._blocker.is_dir()
        self._held: tuple[int, float] | None = None  # pid, until when

    def step(self, now_s: float) -> None:
        """Follows the faults; called every few milliseconds."""
        self._let_go(now_s)
        asked = self._box.plant.faults & MACHINE.keys()
        if "state_garbled" in asked:
            self._done("state_garbled", lambda: self._state_file.write_text("{ half of a fil"))
        if asked & {"crash", "state_garbled"}:
            self._signal(signal.SIGKILL)
        if "busy" in asked and self._held is None:
            pid = self._signal(signal.SIGSTOP)
            self._held = (pid, now_s + BUSY_S) if pid else None
        self._block("state_unwritable" in asked)
        for name in asked - {"state_unwritable"}:
            self._box.plant.clear(name)

    def _let_go(self, now_s: float) -> None:
        if self._held is not None and now_s >= self._held[1]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._held[0], signal.SIGCONT)
            self._held = None

    def _signal(self, number: signal.Signals) -> int:
        """Signals the process that drives the contactor, and returns its pid; 0: there is none."""
        pid = self._box.line_map.owner(self._pin)
        if pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
        return pid

    def _block(self, blocked: bool) -> None:
        """Puts a folder in the place of a file, which nobody can write then, not even root.

        The disk is not asked at each step: its answer may take as long as another's fsync.
        """
        if blocked == self._blocked:
            return
        if self._done("state_unwritable", self._obstruct if blocked else self._unblock) or not blocked:
            self._blocked = blocked
        else:
            self._box.plant.clear("state_unwritable")

    def _obstruct(self) -> None:
        self._blocker.unlink(missing_ok=True)
        self._blocker.mkdir()

    def _unblock(self) -> None:
        if self._blocker.is_dir():
            self._blocker.rmdir()

    def _done(self, fault: str, write: Callable[[], object]) -> bool:
        """Says whether the disk let it be done. A full one ends no world."""
        try:
            write()
        except OSError as error:
            log.warning("%s: %s cannot be changed: %s", fault, self._state_file, error.strerror or error)
            return False
        return True
