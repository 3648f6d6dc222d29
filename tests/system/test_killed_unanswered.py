"""`bridge` is killed before it hears the answer: it asks again with the same words, and only that once."""

from __future__ import annotations

import pytest

from tests.system.world import CARD, world

pytestmark = pytest.mark.real


async def test_killed_before_start_transaction_was_answered() -> None:
    async with world() as w:
        w.central_system.script.silent.add("StartTransaction")
        await w.do("plug-in")
        await w.do("swipe", tag=CARD)
        await w.until(lambda: w.central_system.requests("StartTransaction"), "StartTransaction")
        w.run.kill("bridge")
        w.central_system.script.silent.clear()
        await w.until(lambda: len(w.central_system.requests("StartTransaction")) == 2, "asked again")
        await w.until_status("Charging")
        await w.until_charged_wh(100)
        await w.stop_with_card()
        first, second = w.central_system.requests("StartTransaction")
        assert first == second  # a Central System can tell that it is the same
        lost, known = w.central_system.ledger.transactions.values()
        assert (lost.stops, lost.values) == ([], [])
        assert [stop["transactionId"] for stop in known.stops] == [known.id]
        assert [closed for _, closed in w.truth.of("contactor_closed")] == [True, False]


async def test_killed_before_stop_transaction_was_answered() -> None:
    async with world() as w:
        transaction = await w.charge()
        w.central_system.script.silent.add("StopTransaction")
        await w.do("swipe", tag=CARD)
        await w.until(lambda: w.central_system.requests("StopTransaction"), "StopTransaction")
        w.run.kill("bridge")
        w.central_system.script.silent.clear()
        await w.until(lambda: len(w.central_system.requests("StopTransaction")) == 2, "told again")
        await w.until_status("Finishing")
        await w.leave()
        first, second = transaction.stops
        assert first == second
        assert w.central_system.requests("StartTransaction") == [transaction.start]
        await w.billed_rightly()
        assert [closed for _, closed in w.truth.of("contactor_closed")] == [True, False]
