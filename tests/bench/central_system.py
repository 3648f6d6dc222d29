"""A Central System that starts a transaction and then calls 200 times a second, as a process of its own.

`python -m tests.bench.central_system` prints its URL; ended by SIGTERM it prints what it achieved.
"""

from __future__ import annotations

import asyncio
import signal
import time

from bridge.demo.central_system import CentralSystem
from bridge.demo.ledger import Tag

CALLS_PER_S = 200.0
ID_TAG = "BE2C4"


async def _pour(central_system: CentralSystem) -> None:
    """One after another, as OCPP wants it, each at its time; what is missed is made up for."""
    await central_system.until(lambda: central_system.registered)
    await central_system.until(lambda: "Preparing" in central_system.ledger.statuses())
    await central_system.call("RemoteStartTransaction", {"idTag": ID_TAG})
    began_s, calls = time.monotonic(), 0
    try:
        while True:
            await central_system.call("GetConfiguration", {"key": ["HeartbeatInterval"]})
            central_system.transcript.clear()
            calls += 1
            await asyncio.sleep(max(0.0, began_s + calls / CALLS_PER_S - time.monotonic()))
    finally:
        print(f"{calls / (time.monotonic() - began_s):.0f} OCPP calls/s were answered", flush=True)


async def _main() -> None:
    async with CentralSystem({ID_TAG: Tag()}) as central_system:
        print(central_system.url, flush=True)
        pouring = asyncio.ensure_future(_pour(central_system))
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, pouring.cancel)
        await asyncio.wait([pouring])


if __name__ == "__main__":
    asyncio.run(_main())
