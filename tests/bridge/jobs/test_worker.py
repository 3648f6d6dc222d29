"""Errands one at a time: the newest counts, an ended one tells nothing, a fault of ours is a failure."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bridge.core.errand import Done, Ended, Errand, Failed, Fetch, TooOld, Upload
from bridge.jobs.attempt import Patience
from bridge.jobs.firmware import FirmwareFolder, Installing
from bridge.jobs.worker import Worker
from tests.bridge.jobs.archive import Signer
from tests.bridge.jobs.servers import Authority, hangs, http_server, misbehaving

PATIENCE_S = 30.0


@dataclass
class Told:
    """What the core hears."""

    heard: asyncio.Queue[Ended] = field(default_factory=asyncio.Queue)

    async def next(self) -> Ended:
        async with asyncio.timeout(PATIENCE_S):
            return await self.heard.get()


@contextlib.asynccontextmanager
async def jobs(authority: Authority) -> AsyncIterator[tuple[Worker, Told]]:
    told = Told()

    def firmware() -> FirmwareFolder:
        return FirmwareFolder(Path("/nonexistent"), Installing(None, ()), authority.client)

    worker = Worker(told.heard.put, firmware, authority.client)
    try:
        yield worker, told
    finally:
        await worker.close()


def upload(ticket: int, url: str) -> Errand:
    return Errand("diagnostics", ticket, Upload(url, "d.json", b"[]", as_part=False))


async def test_how_an_upload_went(authority: Authority) -> None:
    async with jobs(authority) as (worker, told), http_server() as server:
        worker.begin(upload(1, server.base))
        assert await told.next() == Ended("diagnostics", 1, Done())
        server.status = 507
        worker.begin(upload(2, server.base))
        assert await told.next() == Ended(
            "diagnostics", 2, Failed("localhost answered 507 Insufficient Storage")
        )


async def test_a_version_that_is_too_old_is_reported_as_such(folder: Path, authority: Authority) -> None:
    told, signer = Told(), Signer()
    installing = Installing(signer.public_key(folder), ())
    made = FirmwareFolder(folder / "firmware", installing, authority.client)
    worker = Worker(told.heard.put, lambda: made, authority.client)
    async with http_server() as server:
        server.files = {"/box.tar": b"new", "/box.tar.manifest": signer.manifest(b"new")}
        worker.begin(Errand("firmware", 1, Fetch(f"{server.base}/box.tar", "1.3.0.0")))
        assert await told.next() == Ended("firmware", 1, TooOld("1.2.0.0"))
    await worker.close()


async def test_a_new_one_ends_the_one_before(authority: Authority) -> None:
    async with jobs(authority) as (worker, told), http_server() as server, misbehaving(hangs) as port:
        worker.begin(upload(1, f"http://localhost:{port}/"))
        await asyncio.sleep(0.05)
        worker.begin(upload(2, server.base))
        worker.begin(upload(3, server.base))
        assert (await told.next()).ticket == 3
        assert told.heard.empty()


async def test_an_end_is_all_that_was_asked_for(authority: Authority) -> None:
    async with jobs(authority) as (worker, told), misbehaving(hangs) as port:
        worker.begin(upload(1, f"http://localhost:{port}/"))
        worker.begin(Errand("diagnostics", 2, None))
        await asyncio.sleep(0.2)
        assert told.heard.empty()


async def test_a_fault_of_our_own_fails_the_errand_only(
    authority: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    async with jobs(authority) as (worker, told), http_server() as server:
        worker.begin(Errand("diagnostics", 1, Upload(server.base, "d", 7, False)))  # type: ignore[arg-type]
        assert isinstance((await told.next()).outcome, Failed)
        worker.begin(upload(2, server.base))
        assert (await told.next()).outcome == Done()
    assert "fault of our own" in caplog.text or "localhost" in caplog.text


async def test_transfers_asked_for_without_a_pause_wait(authority: Authority) -> None:
    """However many are asked for: three at once, then as many in each span; the newest is carried out."""
    told = Told()
    began_s = asyncio.get_running_loop().time()
    worker = Worker(told.heard.put, _no_folder, authority.client, Patience(burst_s=2.0))
    async with http_server() as server:
        for ticket in range(1, 4):
            worker.begin(upload(ticket, server.base))
            await told.next()
        for ticket in range(4, 200):
            worker.begin(upload(ticket, server.base))
            await asyncio.sleep(0)
        assert (await told.next()).ticket == 199
        assert asyncio.get_running_loop().time() - began_s >= 2.0
        assert len(server.got) == 4
    await worker.close()


def _no_folder() -> FirmwareFolder:
    raise AssertionError("nothing is fetched")
