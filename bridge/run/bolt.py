"""The process that holds a solenoid lock (`hal.safety.bolt`): outlives `hal.safety`, but not a power cut."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import struct
from pathlib import Path

from hal.contract import BOLT_SOCKET_NAME


def kill(runtime_dir: Path) -> None:
    """Ends the holder as the mains do to a simulated Pi. Without such a process nothing is done."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as ours:
        ours.setblocking(False)
        try:
            ours.connect(os.fspath(runtime_dir / BOLT_SOCKET_NAME))
        except OSError:
            return
        credentials = ours.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    pid, _, _ = struct.unpack("3i", credentials)  # of the one who listens, unix(7)
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
