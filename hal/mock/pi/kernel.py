"""What the kernel of a Pi does with the lines of a process that has died."""

from __future__ import annotations

import os
import select
from pathlib import Path
from typing import Literal

from hal.mock.pi.line_map import LineMap

Policy = Literal["keeps", "releases"]


class Kernel:
    """`keeps`: outputs stay at their last level, as on a Pi by default (pinctrl persist_gpio_outputs);
    `releases`: they become inputs, as with dtparam=strict_gpiod. Either way the line is free again."""

    def __init__(self, line_map: LineMap, policy: Policy) -> None:
        self.policy: Policy = policy
        self._line_map = line_map
        self._pids: dict[int, int] = {}  # by pidfd
        self._poll = select.poll()

    def bury_the_dead(self) -> None:
        """Frees the lines whose owner has died since the last step."""
        for line, pid in self._line_map.owned():
            if pid not in self._pids.values() and not self._watch(pid):
                self._free(line)
        for descriptor, _ in self._poll.poll(0) if self._pids else ():
            pid = self._pids.pop(descriptor)
            self._poll.unregister(descriptor)
            os.close(descriptor)
            for line in [line for line, owner in self._line_map.owned() if owner == pid]:
                self._free(line)

    def owners_alive(self) -> list[int]:
        """Returns pids that claimed a line at some time and still run. A killed one does so no more, though
        its last thread may still be on its way out."""
        self.bury_the_dead()
        return sorted(pid for pid in self._pids.values() if _has_memory(pid))

    def _watch(self, pid: int) -> bool:
        """Watches a process. False: it has ended already."""
        try:
            descriptor = os.pidfd_open(pid)
        except ProcessLookupError:
            return False
        self._pids[descriptor] = pid
        self._poll.register(descriptor, select.POLLIN)
        return True

    def _free(self, line: int) -> None:
        if self.policy == "releases":
            self._line_map.make_input(line)
        self._line_map.release(line)


def _has_memory(pid: int) -> bool:
    """Says whether it has memory of its own, without which there is no command line (proc(5))."""
    try:
        return bool(Path(f"/proc/{pid}/cmdline").read_bytes())
    except OSError:
        return False
