"""A serial cable: a pseudo terminal whose far end a driver opens by name."""

from __future__ import annotations

import contextlib
import os
import tty
from pathlib import Path


class SerialWire:
    """The near end is `descriptor`, non-blocking; the far end is the tty that `link` points to.

    The far end is kept open here as well, so that a driver that goes away is no hang-up.
    """

    def __init__(self, link: Path) -> None:
        """Puts `link` in place of whatever it was."""
        self.descriptor, self._far = os.openpty()
        tty.setraw(self._far)  # 8N1, no echo, no line editing
        os.set_blocking(self.descriptor, False)
        self._link = link
        unfinished = link.with_name(link.name + ".new")
        unfinished.unlink(missing_ok=True)
        unfinished.symlink_to(os.ttyname(self._far))
        unfinished.replace(link)

    def read(self) -> bytes:
        """Returns what the driver has sent; empty when nothing."""
        try:
            return os.read(self.descriptor, 4096)
        except BlockingIOError:
            return b""

    def write(self, sent: bytes) -> None:
        """Sends to the driver. What nobody reads is lost once the tty is full, as on a wire."""
        with contextlib.suppress(BlockingIOError):
            os.write(self.descriptor, sent)

    def close(self) -> None:
        """Hangs up on the driver."""
        os.close(self.descriptor)
        os.close(self._far)
        self._link.unlink(missing_ok=True)
