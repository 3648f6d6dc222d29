"""`evse-bridge demo`: a charging session by the real programs, on the mock wallbox, shown and judged."""

from __future__ import annotations

import asyncio
import contextlib
import math
import shutil
import signal
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from bridge.demo.central_system import CentralSystem
from bridge.demo.ledger import Tag
from bridge.demo.mock_box import received_wh, running
from bridge.demo.screen import MOCK_STYLE, Screen
from bridge.demo.session import CARD, Session, Stage, StepError
from bridge.demo.verdict import Evidence, verdict
from bridge.folders import CommandError, Folders
from bridge.mock_client import ask

DRAW_S = 0.1
PROGRAM = "evse-bridge"
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
STRANGER = "00DEADBEEF"  # a card that the Central System does not know


def run(*, keep: bool) -> int:
    """Returns 0 if the session was right. With `keep` it runs on after the verdict, until a signal ends it.

    Raises CommandError when the programs do not end in order.
    """
    return asyncio.run(_until_a_signal(keep=keep))


async def _until_a_signal(*, keep: bool) -> int:
    stage, screen = Stage(), Screen.standard(time.monotonic())
    playing = asyncio.create_task(show(stage, screen, central_system(stage), keep=keep))
    loop = asyncio.get_running_loop()

    def end() -> None:
        for number in SIGNALS:
            loop.add_signal_handler(number, _is_ending)
        playing.cancel()

    for number in SIGNALS:
        loop.add_signal_handler(number, end)
    try:
        return 0 if await playing else 1
    except asyncio.CancelledError:
        screen.say("MOCK demo: interrupted; all programs have ended.")
        return 1


def _is_ending() -> None:
    """Does nothing at a second Ctrl-C, which must not leave programs behind."""


def central_system(stage: Stage) -> CentralSystem:
    """Makes one that knows the card of the demo."""
    return CentralSystem({CARD: Tag()}, heard=stage.heard)


async def show(stage: Stage, screen: Screen, central_system: CentralSystem, *, keep: bool = False) -> bool:
    """Plays the session and says whether all of it was right.

    `central_system` sends `stage` its transcript. Raises CommandError when the programs do not end in order.
    """
    screen.head()
    with screen:
        async with _drawn(stage, screen), central_system, running(stage, central_system.url) as folders:
            try:
                evidence = await _played(stage, central_system, folders)
                _draw(stage, screen, math.inf)
                right = _judge(screen, evidence)
                if keep:
                    await _left_running(stage, screen, folders)
            except (StepError, CommandError) as error:
                _draw(stage, screen, math.inf)
                _say_what_was_wrong(screen, str(error), stage)
                return False
            return right


async def _played(stage: Stage, central_system: CentralSystem, folders: Folders) -> Evidence:
    async def act(verb: dict[str, Any]) -> dict[str, Any]:
        return await asyncio.to_thread(ask, folders.runtime, verb)

    await Session(stage, central_system, act).play()
    truth = await act({"do": "state"})
    transactions = central_system.ledger.transactions.values()
    return Evidence(
        billed_wh=tuple(one.energy_wh if len(one.stops) == 1 else None for one in transactions),
        received_wh=await received_wh(folders.state),
        statuses=tuple(central_system.ledger.statuses()),
        frames=len(central_system.transcript),
        violations=tuple(central_system.violations),
        pwm_violations=tuple(one["text"] for one in truth["pwm_violations"]),
    )


def _judge(screen: Screen, evidence: Evidence) -> bool:
    findings = verdict(evidence)
    screen.verdict(findings)
    wrong = [one.what for one in findings if not one.ok]
    if wrong:
        screen.say(f"MOCK demo: the session was WRONG: {', '.join(wrong)}.", "bold red")
    else:
        screen.say("MOCK demo: the session was right.", "bold green")
    return not wrong


def _say_what_was_wrong(screen: Screen, error: str, stage: Stage) -> None:
    screen.say(f"MOCK demo: {error}", "bold red")
    screen.say(f"The last {len(stage.log)} lines of the programs:")
    for line in stage.log:
        screen.say(f"  {line}")


async def _left_running(stage: Stage, screen: Screen, folders: Folders) -> None:
    """Runs until it is cancelled, which is how one leaves."""
    command, end = f"{_own_path()} mock", f"--runtime-dir {folders.runtime}"
    screen.say("MOCK: everything continues to run. Ctrl-C ends it. Try in another terminal:", MOCK_STYLE)
    verbs = (
        "plug-in", f"swipe {CARD}", "pause", "ready", "fault diode", "clear diode", "power-cut", "power-on",
        f"swipe {STRANGER}", "state", "plug-out",
    )  # fmt: skip
    for verb in verbs:
        screen.say(f"  {command} {verb} {end}")
    stage.step = "it runs; Ctrl-C ends it"
    with contextlib.suppress(asyncio.CancelledError):
        await stage.until(stage.step, lambda: False, math.inf)


def _own_path() -> str:
    """Returns the command as it was called, else as a shell finds it, else the one beside the interpreter."""
    called = Path(sys.argv[0])
    if called.name == PROGRAM:
        return str(called)
    return PROGRAM if shutil.which(PROGRAM) else str(Path(sys.executable).with_name(PROGRAM))


@contextlib.asynccontextmanager
async def _drawn(stage: Stage, screen: Screen) -> AsyncIterator[None]:
    async def draw() -> None:
        while True:
            _draw(stage, screen, time.monotonic())
            await asyncio.sleep(DRAW_S)

    drawing = asyncio.create_task(draw())
    try:
        yield
    finally:
        drawing.cancel()


def _draw(stage: Stage, screen: Screen, now_s: float) -> None:
    screen.rows(stage.timeline.due(now_s))
    screen.now(stage.present, stage.step, time.monotonic())
