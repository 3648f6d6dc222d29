"""The bridge's own socket, and the command that uses it; once through the real bridge."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from bridge.cli import data_transfer
from bridge.cli.central_system import CentralSystem
from bridge.cli.folders import CliError, MisuseError
from bridge.local import orders
from bridge.local.desk import Desk, Ordered
from bridge.local.orders import Order, Reply, SendDataTransfer
from tests.bridge.jobs.test_with_the_program import living

PATIENCE_S = 30.0
GREETING = SendDataTransfer("org.example", "greeting", "hello")


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="evse-", dir="/tmp") as name:
        yield Path(name)


@contextlib.asynccontextmanager
async def answering(folder: Path, reply: Reply) -> AsyncIterator[list[Order]]:
    """A desk whose actor always answers so."""
    got: list[Order] = []

    async def act(ordered: Ordered) -> None:
        got.append(ordered.order)
        desk.reply(ordered.ticket, reply)

    desk = Desk(folder, act)
    running = asyncio.create_task(desk.run())
    async with asyncio.timeout(PATIENCE_S):
        while not await asyncio.to_thread(_listens, folder):  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0.01)
    try:
        yield got
    finally:
        running.cancel()
        await asyncio.wait([running])


def _listens(folder: Path) -> bool:
    return (folder / orders.SOCKET_NAME).is_socket()


async def test_an_order_and_its_reply(folder: Path) -> None:
    async with answering(folder, Reply("Accepted", "to you")) as got:
        told = await asyncio.to_thread(data_transfer.send, folder, GREETING)
        assert (folder / orders.SOCKET_NAME).stat().st_mode & 0o777 == 0o660
    assert told == ["Accepted", "data: to you"]
    assert got == [GREETING]
    assert GREETING.request == {"vendorId": "org.example", "messageId": "greeting", "data": "hello"}


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (Reply("Rejected"), "Rejected by the Central System"),
        (Reply("UnknownVendorId", "try another"), "UnknownVendorId: .*\ndata: try another"),
        (Reply(why="the link to it was lost"), "DataTransfer: the link to it was lost"),
    ],
)
async def test_a_no_is_an_error(folder: Path, reply: Reply, said: str) -> None:
    async with answering(folder, reply):
        with pytest.raises(CliError, match=said):
            await asyncio.to_thread(data_transfer.send, folder, GREETING)


@pytest.mark.parametrize(
    "line", [b"nonsense\n", b'{"order":"Reset"}\n', b"x" * (orders.LINE_LIMIT + 2) + b"\n"]
)
async def test_what_is_no_order_ends_its_connection_alone(folder: Path, line: bytes) -> None:
    async with answering(folder, Reply("Accepted")):
        reader, writer = await asyncio.open_unix_connection(str(folder / orders.SOCKET_NAME))
        with contextlib.suppress(ConnectionError):
            writer.write(line)
            assert await reader.read() == b""
        writer.close()
        assert await asyncio.to_thread(data_transfer.send, folder, GREETING) == ["Accepted"]


def test_nobody_listens(folder: Path) -> None:
    with pytest.raises(CliError, match=r"no bridge listens at .*bridge\.sock; start it"):
        data_transfer.send(folder, GREETING)


@pytest.mark.parametrize(("vendor", "message"), [("", "m"), ("v" * 256, "m"), ("v", "m" * 51)])
def test_what_cannot_be_sent(folder: Path, vendor: str, message: str) -> None:
    with pytest.raises(MisuseError, match="are allowed"):
        data_transfer.send(folder, SendDataTransfer(vendor, message))


@pytest.mark.real
async def test_the_command_through_the_real_bridge(folder: Path) -> None:
    async with CentralSystem({}) as central, living(folder, central, {}):
        central.script.answers["DataTransfer"] = {"status": "Accepted", "data": "hello to you"}
        command = ["datatransfer", "org.example", "greeting", "hello", "--runtime-dir", str(folder / "r")]
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bridge.cli.main", *command, stdout=asyncio.subprocess.PIPE
        )
        async with asyncio.timeout(PATIENCE_S):
            said, _ = await process.communicate()
        assert (process.returncode, said) == (0, b"Accepted\ndata: hello to you\n")
        asked = {"vendorId": "org.example", "messageId": "greeting", "data": "hello"}
        assert central.requests("DataTransfer") == [asked]
        assert central.violations == []
