"""A Central System on this machine, in a thread of its own, for as long as the guests come and go."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from bridge.demo.central_system import CentralSystem
from bridge.demo.ledger import Tag
from tests.image.guest import CARD

PATIENT_S = 600.0  # an emulated charge point answers late; not what is tested here


@contextmanager
def listening() -> Iterator[CentralSystem]:
    """Its ledger may be read from here: it only grows."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="central system")
    thread.start()
    system = CentralSystem({CARD: Tag()}, call_timeout_s=PATIENT_S)
    try:
        asyncio.run_coroutine_threadsafe(system.listen(), loop).result()
        yield system
        asyncio.run_coroutine_threadsafe(system.stop_listening(), loop).result()
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
