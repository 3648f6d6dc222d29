"""A Central System that cannot be reached, or takes every word and never answers."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from tests.system.configured import Values
from tests.system.waiting import PATIENCE_S
from tests.system.world import CARD, World, world

pytestmark = pytest.mark.real
OFFLINE_SINCE = re.compile(r"no connection to the Central System since (\S+ \S+) UTC: .*: connection refused")
MORE_THAN_BUFFERS = 2_000  # answers of 6 kB: what both ends of a socket hold, and 1 MB
OFFLINE_FOR_ALL: Values = {
    "ocpp.keys.LocalAuthorizeOffline": True,
    "ocpp.keys.AllowOfflineTxForUnknownId": True,
    "ocpp.keys.MeterValueSampleInterval": 2,  # at 1 s two may fall into one second, with the same values
}


async def test_a_session_without_central_system_is_told_afterwards_in_order_and_once() -> None:
    async with world(charge_point=OFFLINE_FOR_ALL) as w:
        await w.central_system.stop_listening()
        stopped_at = datetime.now(UTC)
        since, *_ = await w.until(lambda: OFFLINE_SINCE.findall("\n".join(w.run.texts)), "it is said")
        said_at = datetime.fromisoformat(since).replace(tzinfo=UTC)
        assert abs(said_at - stopped_at) < timedelta(seconds=PATIENCE_S)
        await w.do("plug-in")
        await w.do("swipe", tag=CARD)
        await w.until(lambda: w.observer.status.contactor_closed, "it charges")
        await w.until_charged_wh(300)
        await w.do("swipe", tag=CARD)
        await w.until(lambda: not w.observer.status.contactor_closed, "it stops")
        await w.until(lambda: w.run.times_said("state Transaction -> Finishing"), "the row is written")
        await w.central_system.listen()
        await w.until(lambda: w.central_system.ledger.transactions, "StartTransaction")
        await w.until(lambda: w.transaction.stops, "StopTransaction")
        await w.until_status("Finishing")
        w.stopped_once("Local")
        await w.billed_rightly()
        assert in_order(w)
        assert len(w.central_system.ledger.boots) == 1  # it was registered all the time
        assert "Charging" not in w.statuses  # the present status, never history
        await w.leave()


@pytest.mark.parametrize(("allowed", "lamp"), [(True, "charging"), (False, "refused")])
async def test_authorize_that_is_never_answered_is_decided_after_10_s_by_the_offline_rules(
    allowed: bool, lamp: str
) -> None:
    keys = {**OFFLINE_FOR_ALL, "ocpp.keys.AllowOfflineTxForUnknownId": allowed}
    async with world(charge_point=keys) as w:
        w.central_system.script.silent.add("Authorize")
        await w.do("plug-in")
        await w.do("swipe", tag=CARD)
        await w.until(lambda: w.central_system.requests("Authorize"), "Authorize")
        asked_at_s = w.central_system.transcript[-1].at_s
        await w.until(lambda: w.observer.status.lamp == lamp, lamp)
        assert w.observer.status.at_s >= asked_at_s + 9.5  # 10 s from the card, which came before
        assert (len(w.central_system.ledger.transactions) == 1) == allowed
        assert w.central_system.connections == 1


async def test_a_link_lost_in_mid_charge_changes_nothing() -> None:
    async with world() as w:
        transaction = await w.charge()
        w.central_system.drop_socket()
        await w.until(lambda: w.central_system.connections == 2, "connected again")
        values = len(transaction.values)
        await w.until(lambda: len(transaction.values) >= values + 2, "MeterValues go on")
        assert [closed for _, closed in w.truth.of("contactor_closed")] == [True]
        assert w.statuses[-1] == "Charging"
        assert len(w.central_system.ledger.boots) == 1
        await w.stop_with_card()
        w.stopped_once("Local")
        await w.billed_rightly()


async def test_who_asks_and_does_not_read_the_answers_holds_nothing_up() -> None:
    """Nothing waits for the socket: charging, cards and the end of the session go on beside it."""
    async with world(charge_point={"ocpp.keys.WebSocketPingInterval": 0}) as w:
        await w.charge()
        w.central_system.freeze()
        for number in range(MORE_THAN_BUFFERS):
            await w.central_system.send_raw(f'[2,"{number}","GetConfiguration",{{}}]')
        await w.do("swipe", tag=CARD)
        await w.until(lambda: not w.observer.status.contactor_closed, "it stops")
        told = "it does not read what we send; last answer at "
        await w.until(lambda: w.run.times_said(told), "the link is given up")
        await w.until(lambda: w.transaction.stops, "StopTransaction")
        await w.until_status("Finishing")
        await w.leave()
        w.stopped_once("Local")
        await w.billed_rightly()


def in_order(w: World) -> bool:
    """Start, values, Stop; each once, times never falling."""
    told = [call for call in w.requests() if call.action.endswith(("Transaction", "MeterValues"))]
    actions = [call.action for call in told]
    values = ["MeterValues"] * (len(actions) - 2)
    payloads = [str(call.payload) for call in told]
    return (
        actions == ["StartTransaction", *values, "StopTransaction"]
        and len(values) >= 3
        and len(set(payloads)) == len(payloads)
    )
