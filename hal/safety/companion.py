"""A small process beside `hal.safety`: how it is started, and how it outlives `hal.safety` and shares nothing
with it."""

import contextlib
import os
import signal
import sys


def spawn(module: str, arguments: list[str], descriptors: list[int]) -> int:
    """Returns the pid. The first of `descriptors` is its standard input, the others its 3 and on. Waits for
    nothing. Raises OSError."""
    command = [sys.executable, "-I", "-m", module, *arguments]
    places = [0, 3, 4][: len(descriptors)]
    actions = [
        (os.POSIX_SPAWN_DUP2, descriptor, place)
        for descriptor, place in zip(descriptors, places, strict=True)
    ]
    return os.posix_spawn(sys.executable, command, os.environ, file_actions=actions)


def stand_aside(first_unused: int) -> None:
    """Ignores signals that are sent to all of a unit, closes whatever is open from that descriptor on, and
    leaves the priority of the tick. To be called first in that process."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    os.closerange(first_unused, os.sysconf("SC_OPEN_MAX"))
    with contextlib.suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
