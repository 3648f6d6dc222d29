"""The whole bridge tells a year that it was offline: `python -m tests.bench.replay`.

10,000 sessions and a year of meter values wait in its store. Measured of the real process, beside one with an
empty store in the same run: memory; beside a bare client of the `ocpp` package that says the same messages to
the same Central System: messages per second; and how soon a presented card is asked for meanwhile.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from hal.contract import Card
from tests.bench.desk import Desk, listening
from tests.bench.memory import pss_kib
from tests.bench.offline import SAMPLES_A_YEAR, SESSIONS
from tests.bench.whole_box import WholeBox, whole_box
from tests.system.waiting import until
from tests.system.world import CARD

SETTLES_S = 10.0
REPLAYED = 3_000
ANSWER_S = 0.5  # a slow Central System, for the card


async def resting_mib(box: WholeBox) -> float:
    """PSS of the bridge when nothing happens."""
    await asyncio.sleep(SETTLES_S)
    return pss_kib(box.bridge_pid) / 1024


async def empty() -> float:
    """MiB of a bridge with nothing to tell, offline."""
    async with listening(Desk(open=False)) as desk, whole_box(desk, {}) as box:
        return await resting_mib(box)


async def full(desk: Desk) -> tuple[float, float, float]:
    """MiB offline, MiB replaying, and seconds from a card to its Authorize.req at slow answers."""
    async with whole_box(desk, {}, SESSIONS, SAMPLES_A_YEAR) as box:
        offline_mib = await resting_mib(box)
        desk.open = True
        await until(lambda: len(desk.queued) >= REPLAYED, f"{REPLAYED} messages")
        replaying_mib = pss_kib(box.bridge_pid) / 1024
        del desk.told[REPLAYED + 100 :]
        return offline_mib, replaying_mib, await _card_s(box, desk)


async def _card_s(box: WholeBox, desk: Desk) -> float:
    """A car that comes is not needed: the card alone is asked for."""
    measured, desk.answers_after_s = list(desk.told), ANSWER_S
    await box.truth.do("swipe", tag=CARD)
    await until(lambda: desk.of("Authorize"), "Authorize.req")
    asked_s, presented_s = desk.of("Authorize")[0].at_s, box.observer.of(Card)[0].at_s
    between = [told for told in desk.queued if presented_s < told.at_s < asked_s]
    assert len(between) <= 1, f"{len(between)} messages went before the card"
    desk.told[:] = measured
    return asked_s - presented_s


async def bare(messages: list[tuple[str, dict[str, object]]]) -> float:
    """Messages per second of the package's own client."""
    async with listening(Desk()) as desk:
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump(messages, file)
            file.flush()
            command = [sys.executable, "-m", "tests.bench.bare_client", desk.url, file.name]
            client = await asyncio.create_subprocess_exec(*command, cwd=Path(__file__).parents[2])
            if await client.wait():
                raise subprocess.SubprocessError("the bare client did not end well")
        return desk.rate()


async def measure() -> None:
    empty_mib = await empty()
    async with listening(Desk(open=False)) as desk:
        offline_mib, replaying_mib, card_s = await full(desk)
        ours = desk.rate()
        in_order = [told.payload["timestamp"] for told in desk.of("StartTransaction")]
        assert in_order == sorted(in_order)
        theirs = await bare([(told.action, told.payload) for told in desk.queued])
    print(
        f"whole       PSS of the bridge with {SESSIONS} sessions waiting: {offline_mib:.1f} MiB offline, "
        f"{replaying_mib:.1f} replaying; with none {empty_mib:.1f}"
    )
    print(
        f"replay      {ours:.0f} messages/s of the whole bridge, each durable; "
        f"bare ocpp client, nothing durable: {theirs:.0f}/s; ratio {ours / theirs:.2f}"
    )
    print(f"card        asked for {card_s:.2f} s after it was read, answers taking {ANSWER_S:g} s each")


def main() -> int:
    """Prints three lines."""
    asyncio.run(measure())
    return 0


if __name__ == "__main__":
    sys.exit(main())
