"""Composes the owner's side: each part is a task of its own that takes nothing else down."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bridge.local import outlets
from bridge.local.asker import Asker
from bridge.local.guarded import guarded
from bridge.local.settings import Owner
from bridge.local.watch import Watch
from hal.notify import Notify

if TYPE_CHECKING:
    from bridge.local.history.history import History

LOOK_EVERY_S = 10.0  # whether the program was replaced
FEED_EVERY_S = 0.5  # looks whether systemd's watchdog is to be fed

log = logging.getLogger(__name__)
Part = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class World:
    """What every part is given."""

    settings: Owner
    state: Path  # the folder of what must last
    mock: bool
    asker: Asker
    watch: Watch


async def run(settings: Owner, state_dir: Path, runtime_dir: Path, *, mock: bool) -> None:
    """Runs all parts until it is cancelled, or another version of the program has taken its place."""
    asker = Asker(runtime_dir)
    world = World(settings, state_dir, mock, asker, Watch(asker))
    notify = Notify(os.environ)
    async with asyncio.TaskGroup() as tasks:
        running = [tasks.create_task(guarded(name, part)) for name, part in _parts(world).items()]
        running.append(tasks.create_task(_feed(notify)))
        notify.send("READY=1")
        await replaced(Path(sys.prefix), LOOK_EVERY_S)
        notify.send("STOPPING=1")
        for task in running:
            task.cancel()


async def replaced(environment: Path, every_s: float) -> None:
    """Returns when the path of the program leads elsewhere: an update, or its way back. Who keeps us running
    then starts the other version."""
    first = environment.resolve()  # noqa: ASYNC240
    while environment.resolve() == first:  # noqa: ASYNC110, ASYNC240 - a few links; nobody tells of it
        await asyncio.sleep(every_s)
    log.info("another version of the program is in place: this one ends, so that it is started")


def _parts(world: World) -> dict[str, Part]:
    """Returns the parts that the settings ask for. What a part needs is loaded with it."""
    parts: dict[str, Part] = {"watch": world.watch.run}
    if world.settings.page.enabled:
        from bridge.local.history.history import History

        history = History(world.state, world.watch)
        parts |= {"history": history.run, "page": lambda: _page(world, history)}
    if world.settings.mqtt.broker or world.settings.messages.on:
        parts |= outlets.parts(world.settings, world.state, world.asker, world.watch)
    return parts


async def _page(world: World, history: History) -> None:
    from bridge.local.web.server import Box, Server

    await Server(Box(world.settings.page, world.state, world.asker, world.watch, history, world.mock)).run()


async def _feed(notify: Notify) -> None:
    loop = asyncio.get_running_loop()
    while True:
        notify.feed_watchdog(loop.time())
        await asyncio.sleep(FEED_EVERY_S)
