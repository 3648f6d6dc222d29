"""A card and SIGTERM while 1,000 calls come each second: `python -m tests.bench.under_calls`.

Of the real process, with all programs of the box: the time from a card that is presented to its Authorize.req
at the Central System, and from SIGTERM to the exit of the bridge. Each call is a ChangeConfiguration that is
made durable before it is answered; the next ones wait for no answer, only for the link. Exit 1: a time is
over LIMIT_S, or too few calls were answered to show anything.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from dataclasses import dataclass, field

from tests.bench.desk import Desk, listening
from tests.bench.whole_box import WholeBox, whole_box
from tests.system.waiting import until
from tests.system.world import CARD

CALLS_PER_S = 1000.0
LEAST_PER_S = 100.0  # answered; a machine that is slower shows nothing of the order in which things are done
LIMIT_S = 2.0  # a person waits no longer before a second card; systemd's patience is longer than that
ROUNDS = 5
POURS_S = 2.0  # so long before each measurement: all queues are full then


@dataclass
class Measured:
    """Seconds of each round, and calls per second."""

    card_s: list[float] = field(default_factory=list)
    end_s: list[float] = field(default_factory=list)
    sent_per_s: list[float] = field(default_factory=list)
    answered_per_s: list[float] = field(default_factory=list)
    refused: int = 0


async def measure() -> Measured:
    """Each SIGTERM ends the bridge, which is started again for the next round."""
    measured = Measured()
    async with listening(Desk(calls_per_s=CALLS_PER_S)) as desk, whole_box(desk, {}) as box:
        for _ in range(ROUNDS):
            await _pour(desk, measured)
            measured.card_s.append(await _card_s(box, desk))
            await asyncio.sleep(POURS_S)
            measured.end_s.append(await _end_s(box, desk))
        measured.refused = desk.refused
    return measured


async def _pour(desk: Desk, measured: Measured) -> None:
    """Begins with a connection that is registered; counts over POURS_S."""
    await until(lambda: desk.of("BootNotification"), "BootNotification.req")
    sent, answered, began_s = desk.sent, desk.answered, time.monotonic()
    await asyncio.sleep(POURS_S)
    took_s = time.monotonic() - began_s
    measured.sent_per_s.append((desk.sent - sent) / took_s)
    measured.answered_per_s.append((desk.answered - answered) / took_s)


async def _card_s(box: WholeBox, desk: Desk) -> float:
    desk.told.clear()
    began_s = time.monotonic()
    await box.truth.do("swipe", tag=CARD)
    await until(lambda: desk.of("Authorize"), "Authorize.req")
    return desk.of("Authorize")[0].at_s - began_s


async def _end_s(box: WholeBox, desk: Desk) -> float:
    desk.told.clear()
    descriptor = os.pidfd_open(box.bridge_pid)
    ended = asyncio.Event()
    try:
        asyncio.get_running_loop().add_reader(descriptor, ended.set)
        began_s = time.monotonic()
        signal.pidfd_send_signal(descriptor, signal.SIGTERM)
        await ended.wait()
        return time.monotonic() - began_s
    finally:
        asyncio.get_running_loop().remove_reader(descriptor)
        os.close(descriptor)


def main() -> int:
    """Prints a line for each time."""
    measured = asyncio.run(measure())
    answered = min(measured.answered_per_s)
    sent, most = min(measured.sent_per_s), max(measured.answered_per_s)
    print(
        f"ChangeConfiguration a second: {sent:.0f} sent, {answered:.0f} to {most:.0f} answered; "
        f"{measured.refused} refused in all"
    )
    bad = answered < LEAST_PER_S
    for name, times_s in (("card to Authorize.req", measured.card_s), ("SIGTERM to exit", measured.end_s)):
        bad = bad or max(times_s) > LIMIT_S
        said = " ".join(f"{each_s:.2f}" for each_s in times_s)
        print(f"{name:<22} {said} s; {LIMIT_S:g} s are allowed")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
