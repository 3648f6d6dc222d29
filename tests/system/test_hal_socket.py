"""Garbage, floods and silence on hal.sock while a car charges: the tick is unaffected."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Iterator
from itertools import cycle

import pytest

from hal.contract import LINE_LIMIT, Counters, Reading, Wish, encode
from tests.hal.safety.peers import Peer, hello
from tests.system.waiting import LOOK_S
from tests.system.world import World, world

pytestmark = pytest.mark.real
WATCHED_S = 2.0
TICKS_A_S = 100  # while closed
STOP = Wish(limit_a=0.0, cable="release", lamp="", valid_until_s=1e12, seq=9_999_999)


async def test_garbage_floods_and_silence_while_charging_do_not_touch_the_tick() -> None:
    async with world() as w:
        transaction = await w.charge()
        quiet = await late_ticks(w)
        before = w.observer.status.counters
        with trouble(w) as (peers, floods):
            loud = await late_ticks(w, peers, floods)
        after = w.observer.status.counters
        assert loud <= quiet + WATCHED_S * TICKS_A_S / 2  # unaffected: a machine may be busy by itself
        assert after.dropped_lines > before.dropped_lines + 100
        assert (after.closings, after.openings_under_load) == (1, 0)
        assert [closed for _, closed in w.truth.of("contactor_closed")] == [True]
        assert w.observer.status.faults == ()
        assert w.statuses[-1] == "Charging"
        values = len(transaction.values)
        await w.until(lambda: len(transaction.values) > values, "MeterValues go on")
        assert w.energies_wh == sorted(w.energies_wh)
        await w.stop_with_card()
        w.stopped_once("Local")
        await w.billed_rightly()


def lie() -> Reading:
    """Fresh, and nobody's."""
    flow = (99.0, 99.0, 99.0)
    return Reading(at_s=time.monotonic() + 1, energy_wh=0, power_w=0.0, current_a=flow, voltage_v=flow)


@contextlib.contextmanager
def trouble(w: World) -> Iterator[tuple[list[Peer], list[bytes]]]:
    """Clients, and what each of them sends without end; empty: it is silent, or never reads."""
    runtime = w.run.runtime
    clients = [
        (hello(runtime, "observer"), b"no JSON at all\n" * 200),
        (hello(runtime, "tool"), encode(STOP) * 20),  # not a tool's to say
        (hello(runtime, "observer"), encode(lie()) * 20),  # nor an observer's
        (hello(runtime, "bridge"), encode(STOP) * 20),  # the role is taken: refused
        (hello(runtime, "observer"), b"x" * (LINE_LIMIT + 1)),  # a line without end
        (hello(runtime, "observer"), b""),  # never reads a status
        (Peer(runtime), b""),  # never says Hello
        (Peer(runtime), b"[" * 5000 + b"\n"),  # deep nonsense instead of a Hello
    ]
    try:
        yield [peer for peer, _ in clients], [flood for _, flood in clients]
    finally:
        for peer, _ in clients:
            peer.close()


async def late_ticks(w: World, peers: list[Peer] | None = None, floods: list[bytes] | None = None) -> int:
    """How many there were in WATCHED_S, by the counter of Status, while the peers send."""
    before = await fresh_counters(w)
    ends_s = time.monotonic() + WATCHED_S
    for peer, flood in cycle(zip(peers, floods, strict=True)) if peers and floods else cycle([(None, b"")]):
        if peer is not None and flood and not peer.over:
            peer.send(flood)
        await asyncio.sleep(0.001 if peer is not None else LOOK_S)
        if time.monotonic() > ends_s:
            break
    return (await fresh_counters(w)).late_ticks - before.late_ticks


async def fresh_counters(w: World) -> Counters:
    """Those of the next Status."""
    seen = w.observer.status.seq
    await w.until(lambda: w.observer.status.seq > seen, "a Status")
    return w.observer.status.counters
