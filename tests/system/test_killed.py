"""SIGKILL in mid-charge: nothing is lost, nothing is double, and the contactor does what it must."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Literal

import pytest

from bridge.demo.ledger import Transaction
from hal.contract import Reading, Status, Temperatures
from tests.system.bare import OFFERED_A, BareBox, charging_bare_box
from tests.system.programs import SAFE_OUTPUTS, started_at_s
from tests.system.waiting import LOOK_S, until_asked
from tests.system.world import World, world

pytestmark = pytest.mark.real
X1_S = 3.0  # x1 after a start of hal.safety
AFTER_FAULT_S = 4.0  # longer than that, so that both are seen
SAFE_WITHIN_S = 5.0  # safe_outputs is another Python that starts; on a Pi systemd does the same
STALE_S = 3.0  # an older reading or temperature is none


async def test_killed_bridge_charging_goes_on_and_the_transaction_is_stopped_once() -> None:
    async with world() as w:
        transaction = await w.charge()
        w.run.kill("bridge")
        await w.until(lambda: len(w.central_system.ledger.boots) == 2, "BootNotification again")
        values = len(transaction.values)
        await w.until(lambda: len(transaction.values) >= values + 3, "MeterValues of the same transaction")
        assert [closed for _, closed in w.truth.of("contactor_closed")] == [True]  # it never opened
        requests = w.requests(connection=2)
        assert requests[0].action == "BootNotification"
        assert first_status_after_boot(w) == "Charging"
        assert next(call for call in requests if call.action == "MeterValues").payload["transactionId"] == 1
        await w.stop_with_card()
        w.stopped_once("Local")
        await w.billed_rightly()


@pytest.mark.parametrize("kernel", ["keeps", "releases"])
async def test_killed_safety_opens_and_the_transaction_goes_on(kernel: Literal["keeps", "releases"]) -> None:
    wallbox = {"mock.kernel": kernel, "contactor.after_fault_s": AFTER_FAULT_S}
    async with world(wallbox) as w:
        transaction = await w.charge()
        killed_at_s = w.run.kill("safety")
        restarted_at_s = await restart_of_safety(w, killed_at_s)
        await w.until(lambda: len(w.truth.of("contactor_closed", killed_at_s)) == 2, "closed again")
        (opened_at_s, opened), (closed_at_s, closed) = w.truth.of("contactor_closed", killed_at_s)
        x1, offered, *_ = w.truth.of("pilot", killed_at_s)
        # By the simulated world's own times: safe before the next hal.safety was even started.
        assert (opened, x1[1]) == (False, "x1")
        assert max(opened_at_s, x1[0]) < min(restarted_at_s, killed_at_s + SAFE_WITHIN_S)
        assert (closed, offered[1]) in [(True, 16.0), (True, 6.0)]  # 6: the meter is not back yet
        assert offered[0] >= restarted_at_s + X1_S
        assert closed_at_s >= restarted_at_s + AFTER_FAULT_S
        await goes_on(w, transaction)


async def test_kernel_keeps_the_contactor_closed_until_safe_outputs_runs() -> None:
    """The negative control: nobody but `safe_outputs` lets the contactor go."""
    async with charging_bare_box("keeps") as (box, safety):
        safety.kill()
        await safety.wait()
        killed_at_s = (await box.plant())["at_s"]
        while (plant := await box.plant())["at_s"] < killed_at_s + 2:
            assert (await box.contactor_line())["high"]
            assert (plant["contactor_closed"], plant["pilot"]) == (True, OFFERED_A)
            await asyncio.sleep(LOOK_S)
        assert (await box.contactor_line())["owner"] == 0  # the dead is buried, the line is nobody's
        cleaning = await box.start(SAFE_OUTPUTS)
        assert await cleaning.wait() == 0
        assert not (await box.contactor_line())["high"]
        await until_asked(lambda: opened_and_x1(box), "contactor open, x1")


async def test_kernel_releases_the_contactor_by_itself_but_not_the_pilot() -> None:
    """Hardware PWM goes on without its process: an offer remains until `safe_outputs` runs."""
    async with charging_bare_box("releases") as (box, safety):
        safety.kill()
        await until_asked(lambda: contactor_open(box), "contactor open")
        assert (await box.plant())["pilot"] == OFFERED_A
        cleaning = await box.start(SAFE_OUTPUTS)
        assert await cleaning.wait() == 0
        await until_asked(lambda: opened_and_x1(box), "x1")


async def test_killed_instruments_contactor_unmoved_at_6_a_until_the_meter_is_back() -> None:
    async with world() as w:
        transaction = await w.charge()
        async with kept_dead(w, "instruments"):
            await w.until_status("Charging", "PowerMeterFailure")
            await w.until(lambda: w.truth.of("pilot")[-1][1] == 6.0, "6 A on the pilot")
            heard = w.observer
            last_heard_s = min(heard.of(Reading)[-1].at_s, heard.of(Temperatures)[-1].at_s)
        fell_at_s = w.truth.of("pilot")[-1][0]
        assert fell_at_s >= last_heard_s + STALE_S
        back_at_s = (await w.plant())["at_s"]
        await w.until_status("Charging")
        await w.until(lambda: w.truth.of("pilot")[-1][1] == 16.0, "16 A again")
        assert w.truth.of("pilot")[-1][0] >= back_at_s + 10  # 10 s of fresh readings
        assert [closed for _, closed in w.truth.of("contactor_closed")] == [True]
        assert w.statuses == ["Available", "Preparing", "Charging"]
        await w.stop_with_card()
        assert len(transaction.stops) == 1
        w.stopped_once("Local")
        await w.billed_rightly()


async def test_everything_killed_at_once_is_resumed_in_the_same_boot() -> None:
    async with world() as w:
        transaction = await w.charge()
        killed_at_s = w.run.kill("bridge", "safety", "instruments")
        restarted_at_s = await restart_of_safety(w, killed_at_s)
        await w.until(lambda: len(w.truth.of("contactor_closed", killed_at_s)) == 2, "closed again")
        opened, _ = w.truth.of("contactor_closed", killed_at_s)
        assert opened[0] < restarted_at_s
        await goes_on(w, transaction)
        assert w.requests(connection=2)[0].action == "BootNotification"
        assert "Available" not in w.statuses[2:-1]


async def goes_on(w: World, transaction: Transaction) -> None:
    """The same transaction charges on, and is stopped once."""
    await w.until_status("Charging")
    await w.until_charged_wh(100)
    assert not transaction.stops
    await w.stop_with_card()
    w.stopped_once("Local")
    assert set(w.statuses[2:-2]) <= {"Charging", "SuspendedEVSE", "SuspendedEV"}
    await w.billed_rightly()


async def restart_of_safety(w: World, killed_at_s: float) -> float:
    """When the next hal.safety was started."""
    old = w.observer.of(Status)[-1].start_id
    await w.until(lambda: w.observer.status.start_id != old, "hal.safety again")
    at_s = started_at_s(w.run.pids()["safety"])
    assert at_s > killed_at_s
    return at_s


@contextlib.asynccontextmanager
async def kept_dead(w: World, name: str) -> AsyncIterator[None]:
    """Killed, and killed again as soon as it is back."""

    async def kill() -> None:
        while True:
            if name in w.run.pids():
                w.run.kill(name)
            await asyncio.sleep(LOOK_S)

    killing = asyncio.create_task(kill())
    try:
        yield
    finally:
        killing.cancel()
        await asyncio.wait([killing])


def first_status_after_boot(w: World) -> str:
    """Of connector 1."""
    told = [call.payload for call in w.requests(connection=2) if call.action == "StatusNotification"]
    return next(str(status["status"]) for status in told if status["connectorId"] == 1)


async def contactor_open(box: BareBox) -> bool:
    """Its line has fallen, its contacts have parted."""
    return not (await box.plant())["contactor_closed"]


async def opened_and_x1(box: BareBox) -> bool:
    """The contacts need some milliseconds to travel."""
    plant = await box.plant()
    return (plant["contactor_closed"], plant["pilot"]) == (False, "x1")
