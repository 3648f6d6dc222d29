"""Reset over the wire in mid-charge: the transaction ends first, then the right processes are new ones."""

from __future__ import annotations

import pytest

from tests.system.world import World, world

pytestmark = pytest.mark.real


@pytest.mark.parametrize(
    ("kind", "reason", "restarted"),
    [
        ("Soft", "SoftReset", {"bridge"}),
        ("Hard", "HardReset", {"bridge", "instruments", "safety"}),
    ],
)
async def test_reset_in_mid_charge(kind: str, reason: str, restarted: set[str]) -> None:
    async with world() as w:
        await w.charge()
        before, boot = w.run.pids(), (w.run.runtime / "boot_id").read_text()
        assert await w.central_system.call("Reset", {"type": kind}) == {"status": "Accepted"}
        await w.until(lambda: len(w.central_system.ledger.boots) == 2, "BootNotification again")
        await w.until(lambda: sorted(w.run.pids()) == sorted(before), "all run again")
        assert {name for name, pid in w.run.pids().items() if pid != before[name]} == restarted
        assert (w.run.runtime / "boot_id").read_text() == boot  # no boot of the Pi
        afterwards = [call.action for call in w.requests(connection=2)]
        assert afterwards[0] == "BootNotification"
        assert "StopTransaction" not in afterwards  # it was sent, and answered, before
        await w.until_status("Finishing")
        w.stopped_once(reason)
        await w.billed_rightly()
        await w.leave()


async def test_reset_without_a_transaction_restarts_at_once() -> None:
    async with world() as w:
        before = w.run.pids()["bridge"]
        assert await w.central_system.call("Reset", {"type": "Soft"}) == {"status": "Accepted"}
        await w.until(lambda: len(w.central_system.ledger.boots) == 2, "BootNotification again")
        assert w.run.pids()["bridge"] != before
        await w.until(lambda: len(told(w)) == 2, "the statuses of 0 and 1 are told again")
        assert told(w) == [(0, "Available"), (1, "Available")]


def told(w: World) -> list[tuple[int, str]]:
    """On the second connection."""
    calls = [call for call in w.requests(connection=2) if call.action == "StatusNotification"]
    return [(call.payload["connectorId"], call.payload["status"]) for call in calls]
