"""The same story with our embedded Central System and with the npm package ocpp-rpc in strict mode."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from bridge.central_system.operations import SUPPORTED
from bridge.cli.books import every_session
from bridge.demo.central_system import CentralSystem, Refused
from bridge.folders import Folders
from tests.bridge.jobs.servers import http_server
from tests.partner.ocpp_rpc import OcppRpc, missing
from tests.partner.story import Story, meters
from tests.scenarios.script import Mode
from tests.system.programs import Run
from tests.system.world import TAGS, world

pytestmark = pytest.mark.real
needs_ocpp_rpc = pytest.mark.skipif(missing() is not None, reason=missing() or "")
OURS = {
    "Authorize", "BootNotification", "DiagnosticsStatusNotification", "FirmwareStatusNotification",
    "Heartbeat", "MeterValues", "StartTransaction", "StatusNotification", "StopTransaction",
}  # fmt: skip


@asynccontextmanager
async def story(mode: Mode, partner: CentralSystem) -> AsyncIterator[Story]:
    """Told and judged; the end of `world` judges the violations."""
    async with http_server() as server:
        settings = {"zaptec.mode": mode, "firmware.source": f"{server.base}/firmware.tar"}
        async with world(charge_point=settings, another=partner) as w:
            told = Story(w, mode, server)
            await told.tell()
            told.judge()
            yield told


@pytest.mark.parametrize("mode", ["cloud", "native"])
async def test_the_story_with_our_own_central_system(mode: Mode) -> None:
    async with story(mode, CentralSystem(TAGS)) as told:
        assert told.asked == SUPPORTED


@needs_ocpp_rpc
@pytest.mark.parametrize("mode", ["cloud", "native"])
async def test_the_story_with_ocpp_rpc(mode: Mode) -> None:
    """No violation, every operation, and three books that agree: its own, the transcript's, the box's."""
    partner = OcppRpc(TAGS)
    async with story(mode, partner) as told:
        assert told.asked == SUPPORTED
        assert {call.action for call in told.world.requests()} >= OURS
        books = meters([(each["start"], each["stops"]) for each in await partner.transactions()])
        ledger = partner.ledger.transactions.values()
        assert books == meters([(each.start, each.stops) for each in ledger])
        assert books == await asyncio.to_thread(rows_of, told.world.run)


def rows_of(run: Run) -> list[tuple[object, ...]]:
    rows = [each.row for each in every_session(Folders(run.config, run.state, run.runtime, mock=True))]
    return [
        (row.transaction_id, row.id_tag, row.meter_start_wh, row.meter_stop_wh, row.stop_reason)
        for row in rows
    ]


BROKEN = {
    "BootNotification.req: data must have required property": [2, "1", "BootNotification", {}],
    "unreadable: Message must be an array": {"no": "array"},
    "DataTransfer.req: data must NOT have additional": [2, "2", "DataTransfer", {"vendorId": "v", "x": 1}],
    "Reset.conf: data/status must be equal to one of": [3, "", {"status": "Perhaps"}],
}


@needs_ocpp_rpc
async def test_the_judge_can_go_red() -> None:
    """A charge point that breaks the rules is seen; what is broken on its own side is not even sent."""
    async with OcppRpc(TAGS) as partner:
        link = await connect(f"{partner.url}/MOCK0001", subprotocols=[Subprotocol("ocpp1.6")])
        async with link:
            await partner.until(lambda: partner.connections)
            with pytest.raises(Refused, match="must be equal to one of the allowed values"):
                await partner.call("Reset", {"type": "Lukewarm"})
            reset = asyncio.create_task(partner.call("Reset", {"type": "Soft"}))
            _, asked, *_ = json.loads(await link.recv())
            for frame in BROKEN.values():
                await link.send(json.dumps(frame).replace('[3, ""', f'[3, "{asked}"'))
            with pytest.raises(Refused):
                await reset
            await partner.until(lambda: len(partner.violations) > len(BROKEN))
        ours, *theirs = partner.violations
        assert ours.startswith("our own Reset.req")
        assert [[wanted in said for said in theirs].count(True) for wanted in BROKEN] == [1, 1, 1, 1]
