"""`evse-bridge mock central-system`: the Central System of the demo alone, for a try-out on one machine."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable

from bridge.demo.central_system import CentralSystem, Line
from bridge.demo.ledger import Tag
from bridge.demo.present import Present
from bridge.demo.session import CARD
from bridge.demo.timeline import said
from bridge.folders import CommandError


def run(port: int, say: Callable[[str], None]) -> None:
    """Serves until Ctrl-C. Raises CommandError when the port cannot be had."""
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(port, say, lambda _: asyncio.Event().wait()))


async def serve(port: int, say: Callable[[str], None], until: Callable[[str], Awaitable[object]]) -> None:
    """Passes each message to `say` in short, while `until` waits, which is given the URL.

    Raises CommandError when the port cannot be had.
    """

    def heard(line: Line) -> None:
        by_us = line.sender == "charge point"
        row = said(line.at_s, line.frame, line.action, by_us=by_us, present=Present())
        if row is not None:
            say(f"{time.strftime('%H:%M:%S')} {row.ocpp}")

    central_system = CentralSystem({CARD: Tag()}, port=port, heard=heard)
    try:
        await central_system.listen()
    except OSError as error:
        raise CommandError(f"port {port}: {error.strerror or error}; name another with --port") from None
    try:
        say(f"Central System at {central_system.url}; it accepts the card {CARD}, no other. Ctrl-C ends it")
        await until(central_system.url)
    finally:
        await central_system.stop_listening()
