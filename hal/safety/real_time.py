"""The tick's place in the machine: a real-time priority and memory that is never paged out."""

from __future__ import annotations

import ctypes
import gc
import os
from dataclasses import dataclass

from hal.contract import REAL_TIME_GRANTED

_PRIORITY = 40  # SCHED_FIFO: above all ordinary work, below the kernel's interrupt threads (50)
_MCL_CURRENT, _MCL_FUTURE = 1, 2  # mlockall(2), Linux


@dataclass(frozen=True)
class RealTime:
    """The permissions that the system granted or refused; an empty text means granted."""

    fifo_refused: str
    memory_refused: str

    @property
    def granted(self) -> bool:
        """Says whether both the priority and the locked memory were granted."""
        return not self.fifo_refused and not self.memory_refused

    @property
    def text(self) -> str:
        """Returns what `Status.real_time` says."""
        if self.granted:
            return REAL_TIME_GRANTED
        fifo = f"no real-time priority ({self.fifo_refused})" if self.fifo_refused else "fifo"
        memory = f"memory not locked ({self.memory_refused})" if self.memory_refused else "memory locked"
        return f"{fifo}, {memory}"


def claim() -> RealTime:
    """Asks for both, once everything is loaded; a refusal is said, not raised. Freezes the collector too."""
    gc.collect()
    gc.freeze()
    return RealTime(fifo_refused=_claim_fifo(), memory_refused=_lock_memory())


def _claim_fifo() -> str:
    """Claims the priority; a unit that gives it may forbid asking for it."""
    if os.sched_getscheduler(0) & ~os.SCHED_RESET_ON_FORK == os.SCHED_FIFO:
        return ""
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(_PRIORITY))
    except OSError as error:
        return os.strerror(error.errno or 0)
    return ""


def _lock_memory() -> str:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mlockall(_MCL_CURRENT | _MCL_FUTURE) != 0:
        return os.strerror(ctypes.get_errno())
    return ""
