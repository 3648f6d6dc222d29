"""The meter falls silent, the card reader's wire is noisy: energy and cards are never invented."""

from __future__ import annotations

import pytest

from hal.contract import Card, InstrumentBox, Reading
from tests.system.world import CARD, World, world

pytestmark = pytest.mark.real


async def test_silent_meter_is_told_and_energy_is_never_invented() -> None:
    async with world() as w:
        transaction = await w.charge()
        await w.do("fault", name="meter_silent")
        await w.until_status("Charging", "PowerMeterFailure")
        last_wh = w.observer.of(Reading)[-1].energy_wh
        values = len(transaction.values)
        await w.until_charged_wh(100)  # the car goes on, at 6 A
        assert len(transaction.values) == values
        await w.do("swipe", tag=CARD)
        await w.until_status("Finishing", "PowerMeterFailure")
        assert w.stopped_once("Local")["meterStop"] == last_wh  # the last that was measured, no more
        assert [closed for _, closed in w.truth.of("contactor_closed")] == [True, False]
        assert w.energies_wh == sorted(w.energies_wh)
        assert max(w.energies_wh) == last_wh


async def test_no_start_without_a_fresh_reading() -> None:
    async with world() as w:
        await w.do("fault", name="meter_silent")
        await w.until_status("Available", "PowerMeterFailure")
        await w.do("plug-in")
        await w.do("swipe", tag=CARD)
        await w.until(lambda: w.observer.status.lamp == "accepted", "authorized")
        await w.until(lambda: w.observer.status.lock == "locked", "locked")
        assert w.central_system.ledger.transactions == {}
        await w.do("clear", name="meter_silent")
        await w.until(lambda: w.central_system.ledger.transactions, "starts with the first reading")


async def test_damaged_card_frames_are_dropped_and_counted_and_a_good_card_works() -> None:
    async with world() as w:
        await w.until(lambda: w.observer.of(InstrumentBox), "InstrumentBox")
        await w.do("fault", name="card_checksum")
        await w.do("swipe", tag=CARD)
        await w.until(lambda: dropped_frames(w) >= 6, "every frame of it counted")
        await w.do("clear", name="card_checksum")
        assert w.observer.of(Card) == []
        before = dropped_frames(w)
        await w.do("fault", name="card_noise")
        for _ in range(3):
            await w.do("swipe", tag=CARD)
        await w.do("clear", name="card_noise")
        await w.do("plug-in")
        await w.do("swipe", tag=CARD)
        await w.until_status("Charging")
        assert {card.id for card in w.observer.of(Card)} == {CARD}
        assert dropped_frames(w) >= before
        assert w.transaction.start["idTag"] == CARD


def dropped_frames(w: World) -> int:
    return w.observer.of(InstrumentBox)[-1].dropped_frames
