"""The bridge's own socket, and the command that uses it; once through the real bridge."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bridge.cli import books, data_transfer, looking, profiles, sessions
from bridge.compose import DATABASE_NAME
from bridge.core.charging_profile import ChargingProfile, Mains, Period
from bridge.core.limits.charging_schedule import Circumstances
from bridge.core.rows import GivenUp, ProfileInstalled, Session, TransactionStarted
from bridge.demo.central_system import CentralSystem
from bridge.folders import CommandError, Folders, MisuseError
from bridge.local import orders
from bridge.local.desk import MOST_CLIENTS, Desk
from bridge.local.frame_ring import FrameRing
from bridge.local.orders import (
    Identity,
    Installed,
    ListProfiles,
    LookAtState,
    Looked,
    OfferAgain,
    Order,
    Ordered,
    Reply,
    SendDataTransfer,
)
from bridge.local.state.state import Queue
from bridge.store import Database
from bridge.store.database import IN_MEMORY
from bridge.store.reads import Reads
from bridge.store.writer import Writer
from tests.bridge.core.limits import charging_model as model
from tests.bridge.jobs.test_with_the_program import living
from tests.bridge.local.states import WELL
from tests.bridge.store.model import a_row, a_stop
from tests.memory import MEMORY

PATIENCE_S = 30.0
GREETING = SendDataTransfer("org.example", "greeting", "hello")


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="evse-", dir=MEMORY) as name:
        yield Path(name)


@contextlib.asynccontextmanager
async def answering(
    folder: Path,
    reply: Reply | Installed | Looked | None,
    store: Reads | None = None,
    *,
    mock: bool = False,
    trial: str = "",
) -> AsyncIterator[list[Order]]:
    """A desk whose actor always answers so, or never, and that has these sessions. `mock`: a mock box's."""
    got: list[Order] = []

    async def act(ordered: Ordered) -> None:
        got.append(ordered.order)
        if reply is not None:
            desk.reply(ordered.ticket, reply)

    with contextlib.closing(Database(IN_MEMORY)) as empty:
        who = Identity(str(folder / DATABASE_NAME), mock, trial=trial)
        desk = Desk(folder, lambda: who, store or empty, act, FrameRing())
        running = asyncio.create_task(desk.run())
        async with asyncio.timeout(PATIENCE_S):
            while not await asyncio.to_thread(_listens, folder):  # noqa: ASYNC110 - it tells nobody
                await asyncio.sleep(0.01)
        try:
            yield got
        finally:
            running.cancel()
            async with asyncio.timeout(PATIENCE_S):
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
        with pytest.raises(CommandError, match=said):
            await asyncio.to_thread(data_transfer.send, folder, GREETING)


@pytest.mark.parametrize(
    "line",
    [
        b"nonsense\n",
        b'{"order":"Reset"}\n',
        b"x" * (orders.LINE_LIMIT + 2) + b"\n",
        b'{"order":"OfferAgain","row_id":%d}\n' % 2**63,
        b'{"order":"ListSessions","after":-1}\n',
        b'{"order":"ListSessions","x":' + b"[" * 50_000 + b"\n",
    ],
)
async def test_what_is_no_order_ends_its_connection_alone(folder: Path, line: bytes) -> None:
    async with answering(folder, Reply("Accepted")):
        reader, writer = await asyncio.open_unix_connection(str(folder / orders.SOCKET_NAME))
        with contextlib.suppress(ConnectionError):
            writer.write(line)
            assert await reader.read() == b""
        writer.close()
        assert await asyncio.to_thread(data_transfer.send, folder, GREETING) == ["Accepted"]


async def test_clients_that_stay_do_not_hold_its_end(folder: Path) -> None:
    """One that says nothing, and one that waits for a reply which never comes."""
    async with answering(folder, None) as got:
        clients = [await asyncio.open_unix_connection(str(folder / orders.SOCKET_NAME)) for _ in range(2)]
        clients[1][1].write(orders.encode(GREETING))
        async with asyncio.timeout(PATIENCE_S):
            while not got:  # noqa: ASYNC110 - it tells nobody
                await asyncio.sleep(0.01)
    for reader, writer in clients:
        async with asyncio.timeout(PATIENCE_S):
            assert await reader.read() == b""
        writer.close()
        await writer.wait_closed()


@pytest.mark.parametrize("said", [b"", b'{"order":'], ids=["nothing", "half a line"])
async def test_nobody_holds_all_seats(folder: Path, said: bytes) -> None:
    """The oldest that has ordered nothing goes when another comes."""
    path = str(folder / orders.SOCKET_NAME)
    async with answering(folder, Reply("Accepted")), asyncio.timeout(PATIENCE_S):
        clients = [await asyncio.open_unix_connection(path) for _ in range(2 * MOST_CLIENTS)]
        for _, writer in clients[MOST_CLIENTS:]:
            writer.write(said)
        assert await asyncio.to_thread(data_transfer.send, folder, GREETING) == ["Accepted"]
        for reader, _ in clients[: MOST_CLIENTS + 1]:
            with contextlib.suppress(ConnectionError):
                assert await reader.read() == b""
        for _, writer in clients:
            writer.close()


async def test_who_waits_for_a_reply_is_not_the_first_to_go(folder: Path) -> None:
    path = str(folder / orders.SOCKET_NAME)
    async with answering(folder, None) as got, asyncio.timeout(PATIENCE_S):
        waiting, writer = await asyncio.open_unix_connection(path)
        writer.write(orders.encode(GREETING))
        while not got:  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0.01)
        others = [await asyncio.open_unix_connection(path) for _ in range(2 * MOST_CLIENTS)]
        with contextlib.suppress(ConnectionError):
            assert await others[0][0].read() == b""
        assert not waiting.at_eof()
        for _, each in (*others, (waiting, writer)):
            each.close()


def test_nobody_listens(folder: Path) -> None:
    with pytest.raises(CommandError, match=r"no bridge listens at .*bridge\.sock; start it"):
        data_transfer.send(folder, GREETING)


@pytest.mark.parametrize(("vendor", "message"), [("", "m"), ("v" * 256, "m"), ("v", "m" * 51)])
def test_what_cannot_be_sent(folder: Path, vendor: str, message: str) -> None:
    with pytest.raises(MisuseError, match="are allowed"):
        data_transfer.send(folder, SendDataTransfer(vendor, message))


async def test_the_sessions_come_in_pages(folder: Path) -> None:
    """All, and none twice, while it is written on."""
    store = await Writer.open(folder / DATABASE_NAME)
    try:
        await store.apply([TransactionStarted(a_row(row_id)) for row_id in range(1, 121)])
        async with answering(folder, Reply("Accepted"), store) as got:
            read = books.every_session(Folders(folder, folder, folder, mock=True))
            first = await asyncio.to_thread(lambda: [next(read) for _ in range(70)])
            await store.apply([a_stop(1), TransactionStarted(a_row(121))])
            rest = await asyncio.to_thread(lambda: list(read))
        assert [*first, *rest] == [Session(a_row(row_id), 1) for row_id in range(1, 122)]
        assert got == []  # it is no matter of the actor
    finally:
        await store.close()


async def test_a_bridge_of_another_wallbox_is_not_meant(folder: Path) -> None:
    (ours := folder / "ours").mkdir()
    with contextlib.closing(Database(ours / DATABASE_NAME)) as store:
        store.apply([TransactionStarted(a_row(1)), GivenUp(1, "refused")])
    folders = Folders(folder, ours, folder, mock=True)
    async with answering(folder, Reply("Accepted")) as got:
        lines = await asyncio.to_thread(lambda: list(sessions.listed(folders, undelivered=False)))
        assert [line.split()[0] for line in lines] == ["nr", "1", "dead"]
        await asyncio.to_thread(sessions.resend, folders, 1)
        assert got == []


async def test_an_unnamed_state_folder_is_that_of_the_bridge_that_listens(folder: Path) -> None:
    """And the first line says which that is."""
    (usual := folder / "usual").mkdir()
    with contextlib.closing(Database(folder / DATABASE_NAME)) as store:
        store.apply([TransactionStarted(a_row(1)), GivenUp(1, "refused")])
        folders = Folders(folder, usual, folder, mock=False, state_named=False)
        async with answering(folder, Reply("Accepted"), store) as got:
            lines = await asyncio.to_thread(lambda: list(sessions.listed(folders, undelivered=False)))
            assert lines[0] == f"sessions of {folder / DATABASE_NAME}, which the bridge at {folder} uses"
            assert lines[2].split()[0] == "1"
            await asyncio.to_thread(sessions.resend, folders, 1)
        assert got == [OfferAgain(1)]


async def command_says(*words: str, answer: bytes = b"") -> list[str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bridge.cli.main", *words,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    async with asyncio.timeout(PATIENCE_S):
        said, _ = await process.communicate(answer)
    return said.decode().splitlines()


CIRCUMSTANCES = Circumstances(None, model.BASE, 16.0, Mains(3, 230.0))
LEFT_BEHIND = ChargingProfile(
    profile_id=5, connector_id=1, purpose="TxDefaultProfile", stack_level=0, kind="Absolute", unit="A",
    periods=(Period(0, 0.0),), received_at=model.BASE,
)  # fmt: skip


@pytest.mark.parametrize("mock", [True, False])
@pytest.mark.parametrize("command", ["sessions", "datatransfer vendor message", "profiles"])
async def test_the_commands_say_mock_when_the_bridge_does(folder: Path, command: str, mock: bool) -> None:
    """Though nobody gave --mock."""
    reply = Installed((), CIRCUMSTANCES, model.BASE) if command == "profiles" else Reply("Accepted")
    async with answering(folder, reply, mock=mock):
        said = await command_says(*command.split(), "--runtime-dir", str(folder))
    assert said
    assert [line.startswith("MOCK ") for line in said] == [mock] * len(said)


def of_bridge(folder: Path) -> Folders:
    return Folders(folder, folder, folder, mock=False)


async def test_the_profiles_of_a_bridge(folder: Path) -> None:
    async with answering(folder, Installed((LEFT_BEHIND,), CIRCUMSTANCES, model.BASE)) as got:
        said = await asyncio.to_thread(lambda: list(profiles.listed(of_bridge(folder))))
        assert said[2] == "    now: 0 A (no charging); it is the limit"
        assert said[3] == "limit now: 0 A (no charging), set by charging profile 5"
        assert got == [ListProfiles()]
        with pytest.raises(MisuseError, match=r"clear 6: must be the id of a charging profile \(5\)"):
            await asyncio.to_thread(profiles.clear, of_bridge(folder), 6, lambda _: True)
        done = await asyncio.to_thread(profiles.clear, of_bridge(folder), 5, lambda _: False)
        assert done == "nothing was cleared"
        assert got == [ListProfiles()] * 3


@pytest.mark.parametrize("stdin", ["</dev/null", "<&-"])
async def test_a_question_that_nobody_can_answer_clears_nothing(folder: Path, stdin: str) -> None:
    words = (sys.executable, "-m", "bridge.cli.main", "profiles", "clear", "--runtime-dir", str(folder))
    async with answering(folder, Installed((LEFT_BEHIND,), CIRCUMSTANCES, model.BASE)) as got:
        process = await asyncio.create_subprocess_exec(
            "sh", "-c", f'exec "$@" {stdin}', "sh", *words,
            stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        async with asyncio.timeout(PATIENCE_S):
            _, said = await process.communicate()
    assert said == b"nothing was cleared; without a terminal, --yes asks nothing\n"
    assert process.returncode == 1
    assert got == [ListProfiles()]


async def test_an_error_of_the_bridge_is_told(folder: Path) -> None:
    async with answering(folder, Reply(why="an error of ours: ValueError")):
        with pytest.raises(CommandError, match="an error of ours"):
            await asyncio.to_thread(lambda: list(profiles.listed(of_bridge(folder))))


@pytest.mark.parametrize(("status", "refused"), [("Accepted", False), ("Rejected", True)])
async def test_what_was_offered_meanwhile_is_told(folder: Path, status: str, refused: bool) -> None:
    with contextlib.closing(Database(folder / DATABASE_NAME)) as store:
        store.apply([TransactionStarted(a_row(1)), GivenUp(1, "refused")])
        async with answering(folder, Reply(status), store) as got:
            folders = Folders(folder, folder, folder, mock=True)
            said = pytest.raises(CommandError, match="session 1 is no longer a dead letter")
            with said if refused else contextlib.nullcontext():
                await asyncio.to_thread(sessions.resend, folders, 1)
        assert got == [OfferAgain(1)]


async def test_a_store_that_cannot_be_read_is_told(folder: Path) -> None:
    closed = Database(IN_MEMORY)
    closed.close()
    folders = Folders(folder, folder, folder, mock=True)
    async with answering(folder, Reply("Accepted"), closed):
        with pytest.raises(CommandError, match="could not be read"):
            await asyncio.to_thread(lambda: list(sessions.listed(folders, undelivered=False)))


@pytest.mark.real
async def test_the_sessions_of_the_real_bridge(folder: Path) -> None:
    """It has the file; it lists, and offers again what it had given up."""
    (folder / "d").mkdir()
    with contextlib.closing(Database(folder / "d" / DATABASE_NAME)) as store:
        store.apply([TransactionStarted(a_row(1)), a_stop(1), GivenUp(1, "refused")])

    async def told(*options: str) -> str:
        places = ("--state-dir", str(folder / "d"), "--runtime-dir", str(folder / "r"))
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bridge.cli.main", "sessions", *options, *places,
            stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        async with asyncio.timeout(PATIENCE_S):
            said, _ = await process.communicate()
        return said.decode().strip()

    async with CentralSystem({}) as central, living(folder, central, {}):
        shell = sqlite3.connect(folder / "d" / DATABASE_NAME, timeout=0.0)
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            shell.execute("SELECT * FROM transactions")
        shell.close()
        assert (await told("--undelivered")).endswith("dead letter: refused; --resend 1 sends it again")
        assert await told("--resend", "1") == "MOCK session 1 will be sent to the Central System again"
        await central.until(lambda: central.requests("StopTransaction"), PATIENCE_S)
        assert (
            await told("--export", str(folder / "F.csv")) == f"MOCK 1 session written to {folder / 'F.csv'}"
        )
        assert ",delivered,," in (folder / "F.csv").read_text()
        assert await told("--undelivered") == "MOCK every session is delivered"


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
        assert (process.returncode, said) == (0, b"MOCK Accepted\nMOCK data: hello to you\n")
        asked = {"vendorId": "org.example", "messageId": "greeting", "data": "hello"}
        assert central.requests("DataTransfer") == [asked]
        assert central.violations == []


@pytest.mark.real
async def test_profiles_that_the_central_system_left_behind(folder: Path) -> None:
    """Listed and cleared after a question, by the bridge; then with the bridge stopped, in the file."""
    (folder / "d").mkdir()
    above = replace(LEFT_BEHIND, profile_id=6, stack_level=1)
    with contextlib.closing(Database(folder / "d" / DATABASE_NAME)) as store:
        store.apply([ProfileInstalled(LEFT_BEHIND), ProfileInstalled(above)])
    places = ("--state-dir", str(folder / "d"), "--runtime-dir", str(folder / "r"))
    shown = "charging profile 6 limits every session (TxDefaultProfile, stack level 1, connector 1)"
    async with CentralSystem({}) as central, living(folder, central, {}):
        said = await command_says("profiles", *places)
        assert said[-1].endswith("limit now: 0 A (no charging), set by charging profile 6")
        asked, done = await command_says("profiles", "clear", "6", *places, answer=b"n\n")
        assert asked.endswith(shown)
        assert "Remove them? The Central System is not informed" in done
        assert done.endswith("nothing was cleared")
        *_, done = await command_says("profiles", "clear", "6", *places, answer=b"y\n")
        assert done.endswith("cleared: 6")
        assert (await command_says("profiles", *places))[-1].endswith("by charging profile 5")
    assert "no bridge runs" in (await command_says("profiles", *places))[-1]
    *_, done = await command_says("profiles", "clear", *places, "--yes")
    assert done.endswith("cleared: 5")
    (none,) = await command_says("profiles", *places)
    assert none.endswith("no charging profile is installed")


async def test_whoever_looks_gets_the_state_with_what_waits(folder: Path) -> None:
    with contextlib.closing(Database(IN_MEMORY)) as store:
        store.apply(
            (TransactionStarted(a_row(1)), TransactionStarted(a_row(2)), GivenUp(1, "no", for_now=False))
        )
        async with answering(folder, Looked(WELL), store) as got:
            seen = await asyncio.gather(*(asyncio.to_thread(looking.seen, folder) for _ in range(5)))
    assert set(got) == {LookAtState()}
    assert {state.queue for state in seen} == {Queue(waiting=1, dead_letters=1)}


async def test_a_state_that_could_not_be_drawn_is_an_error(folder: Path) -> None:
    async with answering(folder, Reply(why="an error of ours: x")):
        with pytest.raises(CommandError, match="an error of ours"):
            await asyncio.to_thread(looking.seen, folder)
