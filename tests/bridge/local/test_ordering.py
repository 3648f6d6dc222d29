"""`evse-bridge start`, `stop`, `limit`, `keys`, `frames`, at a desk that answers."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bridge.cli import ordering
from bridge.folders import CommandError, MisuseError
from bridge.local import orders
from bridge.local.desk import Desk
from bridge.local.frame_ring import FrameRing
from bridge.local.orders import (
    Identity,
    Key,
    Keys,
    Ordered,
    Reply,
    SetOwnerLimit,
    StartCharging,
    StopCharging,
)
from bridge.store import Database
from bridge.store.database import IN_MEMORY

AT = "2026-05-01T20:00:00.000Z"
KEYS = Keys((
    Key(name="HeartbeatInterval", value="600", readonly=False, source="stored", meaning_en="seconds"),
    Key(name="FreeChargingIdTag", value="", readonly=False, source="default", meaning_en="the idTag"),
    Key(name="AuthorizationKey", value=None, readonly=False, source="file", meaning_en="the password"),
    Key(name="ResetRetries\x1b[2J", value="1", readonly=True, source="file", meaning_en="tries"),
))  # fmt: skip


@contextlib.asynccontextmanager
async def desk(
    folder: Path, reply: Reply | Keys, ring: FrameRing | None = None
) -> AsyncIterator[list[object]]:
    got: list[object] = []

    async def act(ordered: Ordered) -> None:
        got.append(ordered.order)
        served.reply(ordered.ticket, reply)

    with contextlib.closing(Database(IN_MEMORY)) as store:
        served = Desk(folder, lambda: Identity("d", True), store, act, ring or FrameRing())
        running = asyncio.create_task(served.run())
        while not (folder / orders.SOCKET_NAME).exists():  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0.01)
        yield got
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_the_orders_are_given_and_their_refusals_told(short_folder: Path) -> None:
    async with desk(short_folder, Reply("Accepted")) as got:
        assert "04AABBCC asks" in await asyncio.to_thread(ordering.start, short_folder, "04AABBCC")
        assert await asyncio.to_thread(ordering.stop, short_folder) == "charging is stopped"
        assert await asyncio.to_thread(ordering.limit, short_folder, "10") == "your limit is 10 A"
        assert "below 6 A" in await asyncio.to_thread(ordering.limit, short_folder, "5.5A")
        assert await asyncio.to_thread(ordering.limit, short_folder, "off") == "your limit is removed"
    limits = [SetOwnerLimit(10.0), SetOwnerLimit(5.5), SetOwnerLimit(None)]
    assert got == [StartCharging("04AABBCC"), StopCharging(), *limits]


async def test_a_refusal_is_an_error_in_its_words(short_folder: Path) -> None:
    async with desk(short_folder, Reply("Rejected", why="another idTag's session runs")):
        with pytest.raises(CommandError, match="another idTag's session runs"):
            await asyncio.to_thread(ordering.start, short_folder, "04AABBCC")


@pytest.mark.parametrize("amps", ["", "ten", "-1", "nan", "inf", "1e400", "OFF", "\x1b[2J"])
def test_what_is_no_limit_reaches_no_bridge(amps: str, tmp_path: Path) -> None:
    with pytest.raises(MisuseError, match=r"^limit .*: must be") as error:
        ordering.limit(tmp_path, amps)
    assert str(error.value).isprintable()


async def test_keys_are_listed_and_a_secret_is_not(short_folder: Path) -> None:
    async with desk(short_folder, KEYS):
        lines = await asyncio.to_thread(lambda: list(ordering.keys(short_folder, json=False)))
        (told,) = await asyncio.to_thread(lambda: list(ordering.keys(short_folder, json=True)))
    assert lines == [
        "HeartbeatInterval = 600", "    the Central System; seconds",
        "FreeChargingIdTag = (empty)", "    as at first start; the idTag",
        "AuthorizationKey = (not shown)", "    charge-point.toml; the password",
        "ResetRetries\\x1b[2J = 1", "    read only, charge-point.toml; tries",
    ]  # fmt: skip
    assert [each["name"] for each in json.loads(told)][:2] == ["HeartbeatInterval", "FreeChargingIdTag"]


async def test_keys_are_listed_in_60_columns_and_whole(short_folder: Path) -> None:
    value, meaning = ",".join(["Energy.Active.Import.Register"] * 5), "measurands of " * 12
    key = Key(name="StopTxnSampledData", value=value, readonly=True, source="default", meaning_en=meaning)
    async with desk(short_folder, Keys((key,))):
        lines = await asyncio.to_thread(lambda: list(ordering.keys(short_folder, json=False)))
    assert max(map(len, lines)) <= 60
    assert value in "".join(line.strip() for line in lines)
    assert " ".join(line.strip() for line in lines).endswith(f"read only; {meaning.strip()}")


async def test_frames_are_listed_page_by_page_in_60_columns(short_folder: Path) -> None:
    ring = FrameRing()
    for number in range(250):
        ring.add("sent", json.dumps([2, f"{number}", "DataTransfer", {"vendorId": "x" * 100}]), AT)
    ring.add("received", json.dumps([3, "249", {"status": "Accepted"}]), AT)
    async with desk(short_folder, Reply(), ring):
        lines = await asyncio.to_thread(lambda: list(ordering.frames(short_folder, "", json=False)))
        (found,) = await asyncio.to_thread(lambda: list(ordering.frames(short_folder, "ACCEPTED", json=True)))
    assert len(lines) == 251
    assert max(map(len, lines)) <= 60
    assert '-> DataTransfer {"vendorId": "xxx' in lines[0]
    assert lines[-1].endswith('<- DataTransfer result {"status": "Accepted"}')
    assert json.loads(found)["number"] == 251
