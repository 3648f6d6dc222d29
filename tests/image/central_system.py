"""A Central System on this machine, in a thread of its own, for as long as the guests come and go."""

from __future__ import annotations

import asyncio
import copy
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

from bridge.demo.central_system import CentralSystem
from bridge.demo.ledger import Ledger, Tag
from tests.image.guest import CARD

PATIENT_S = 600.0  # an emulated charge point answers late; not what is tested here


class Outside:
    """One that listens. Its ledger may be read from here: it only grows."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.system = CentralSystem({CARD: Tag()}, call_timeout_s=PATIENT_S)
        self._loop = loop

    def listen(self) -> None:
        """On the same port as before, if it did."""
        self._wait(self.system.listen())

    def stop(self) -> None:
        """Refuses connections from now on."""
        self._wait(self.system.stop_listening())

    def goes_on_with(self, ledger: Ledger) -> None:
        """Knows what another one knew; no charge point is connected."""
        self.system.ledger = copy.deepcopy(ledger)

    def _wait(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result()


@contextmanager
def listening() -> Iterator[Outside]:
    """It listens until the end, or until it is stopped."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="central system")
    thread.start()
    try:
        outside = Outside(loop)
        outside.listen()
        yield outside
        outside.stop()
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
