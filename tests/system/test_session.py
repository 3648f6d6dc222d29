"""Whole sessions by all real processes: by card, and from afar."""

from __future__ import annotations

import pytest

from tests.system.world import CARD, OTHER_CARD, World, world

pytestmark = pytest.mark.real
ORDER = ["Available", "Preparing", "Charging", "Finishing", "Available"]


async def test_a_card_a_car_and_what_it_received() -> None:
    async with world() as w:
        await w.charge()
        await w.stop_with_card()
        assert w.statuses == ORDER
        stop = w.stopped_once("Local")
        assert (w.transaction.start["idTag"], stop["idTag"]) == (CARD, CARD)
        await w.billed_rightly()
        assert w.transaction.values  # MeterValues flowed
        assert finishing_after_stop(w)


async def test_a_card_that_the_central_system_refuses_starts_nothing() -> None:
    async with world() as w:
        await w.do("plug-in")
        await w.do("swipe", tag=OTHER_CARD)
        await w.until(lambda: w.central_system.requests("Authorize"), "Authorize")
        await w.until(lambda: w.observer.status.lamp == "refused", "the lamp says so")
        await w.until_status("Preparing")  # who plugs in while the pilot tests itself is seen a little later
        assert w.central_system.ledger.transactions == {}
        assert w.statuses == ["Available", "Preparing"]
        assert [closed for _, closed in w.truth.of("contactor_closed")] == []


async def test_started_and_stopped_from_afar() -> None:
    async with world() as w:
        await w.do("plug-in")
        await w.until_status("Preparing")
        await remote(w, "RemoteStartTransaction", idTag=CARD)
        await w.until_status("Charging")
        await w.until_charged_wh(200)
        await remote(w, "RemoteStopTransaction", transactionId=w.transaction.id)
        await w.until_status("Finishing")
        await w.leave()
        assert w.statuses == ORDER
        assert "idTag" not in w.stopped_once("Remote")
        await w.billed_rightly()
        assert finishing_after_stop(w)


async def test_started_from_afar_before_the_car_came() -> None:
    async with world() as w:
        await remote(w, "RemoteStartTransaction", idTag=CARD)
        await w.until_status("Preparing")
        assert w.central_system.ledger.transactions == {}
        await w.do("plug-in")
        await w.until_status("Charging")
        await w.until_charged_wh(200)
        await remote(w, "RemoteStopTransaction", transactionId=w.transaction.id)
        await w.until_status("Finishing")
        await w.leave()
        assert w.statuses == ORDER
        w.stopped_once("Remote")
        await w.billed_rightly()


async def remote(w: World, action: str, **payload: object) -> None:
    assert await w.central_system.call(action, payload) == {"status": "Accepted"}


def finishing_after_stop(w: World) -> bool:
    """OCPP wants no order here; ours is StopTransaction, then Finishing."""
    told = [(call.action, call.payload.get("status")) for call in w.requests()]
    return told.index(("StopTransaction", None)) < told.index(("StatusNotification", "Finishing"))
