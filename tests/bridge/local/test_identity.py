"""Who listens at the bridge's socket, and how it is: across versions, in a trial, and of a real bridge."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import msgspec
import pytest

from bridge import outcome, version
from bridge.cli import asking, looking, sessions
from bridge.compose import DATABASE_NAME
from bridge.core.maintenance.outcome import Outcome
from bridge.core.maintenance.trial import Trial
from bridge.core.rows import GivenUp, TransactionStarted
from bridge.demo.central_system import CentralSystem
from bridge.doctor import programs
from bridge.folders import CommandError, Folders
from bridge.local import orders
from bridge.local.orders import Identity, Reply
from bridge.store import Database
from bridge.trial import TRIAL_NAME
from tests.bridge.jobs.test_with_the_program import living
from tests.bridge.local.test_desk import answering
from tests.bridge.store.model import a_row

ON_TRIAL = "version 0.2.0.0 is on trial"


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="evse-") as name:  # a socket's path has a limit
        yield Path(name)


class FirstIdentity(msgspec.Struct, frozen=True):
    """As the first version had it."""

    database: str
    mock: bool


def test_a_command_understands_an_older_bridge() -> None:
    line = msgspec.json.encode(FirstIdentity("/d", True))
    assert orders.reply(line, Identity) == Identity("/d", True)


def test_an_older_command_understands_this_bridge() -> None:
    line = orders.encode(Identity("/d", True, "0.2.0.0", True, "accepted", ON_TRIAL))
    assert msgspec.json.decode(line, type=FirstIdentity) == FirstIdentity("/d", True)


def test_a_command_understands_a_newer_bridge() -> None:
    line = b'{"database":"/d","mock":true,"version":"9.0.0.1","store_open":true,"moon":{"phase":[1]}}'
    assert orders.reply(line, Identity) == Identity("/d", True, "9.0.0.1", store_open=True)


@contextlib.asynccontextmanager
async def knowing_only_itself(folder: Path, version_of_it: str) -> AsyncIterator[None]:
    """A bridge that says who it is, and ends the connection at every other order, as a desk does."""

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if isinstance(orders.order(await reader.readline()), orders.Identify):
            writer.write(orders.encode(Identity("/d", mock=True, version=version_of_it)))
        writer.close()

    path = folder / orders.SOCKET_NAME
    path.parent.mkdir()
    async with await asyncio.start_unix_server(converse, path):
        yield


@pytest.mark.parametrize(
    ("runs", "says"),
    [
        ("0.0.9.1", "the bridge that runs has version 0.0.9.1 and does not know this command .*: restart it"),
        ("", "the bridge that runs has version unknown and does not know this command"),
        (version.numbers(), "no reply from .*: the bridge ended the connection; ask again"),
    ],
)
async def test_a_bridge_that_does_not_know_the_order_is_named(folder: Path, runs: str, says: str) -> None:
    async with knowing_only_itself(folder, runs):
        with pytest.raises(CommandError, match=says):
            await asyncio.to_thread(looking.seen, folder)


async def test_the_sessions_say_that_a_version_is_on_trial(folder: Path) -> None:
    folders = Folders(folder, folder, folder, mock=True)
    async with answering(folder, Reply("Accepted"), trial=ON_TRIAL):
        first, *_ = await asyncio.to_thread(lambda: list(sessions.listed(folders, undelivered=False)))
    assert first == f"{ON_TRIAL}: no session starts, ends or is sent before that is over"


async def test_a_command_says_why_its_order_was_refused(folder: Path) -> None:
    with contextlib.closing(Database(folder / DATABASE_NAME)) as store:
        store.apply([TransactionStarted(a_row(1)), GivenUp(1, "refused")])
        folders = Folders(folder, folder, folder, mock=True)
        async with answering(folder, Reply(why=f"{ON_TRIAL}: ask again"), store):
            with pytest.raises(CommandError, match=f"session 1 is not sent again: {ON_TRIAL}: ask again"):
                await asyncio.to_thread(sessions.resend, folders, 1)


def test_the_doctor_warns_of_a_trial() -> None:
    assert programs.trial(Trial()).result == "ok"
    warned = programs.trial(Trial(ON_TRIAL))
    assert warned.result == "warning"
    assert warned.measured.startswith(ON_TRIAL)


def test_the_doctor_says_how_the_last_update_ended(folder: Path) -> None:
    assert programs.update(outcome.read(folder)).measured == "none"
    file = folder / outcome.SLOTS / outcome.NAME
    file.parent.mkdir()
    for text, result in (
        ("installed 0.1.0.12", "ok"),
        ("refused: the card is full", "ok"),
        ("failed: 0.1.0.13 was taken back, 0.1.0.12 runs: hal.safety reports no status", "warning"),
    ):
        file.write_bytes(msgspec.json.encode(Outcome("2026-11-29T12:00:00Z", text)))
        found = programs.update(outcome.read(folder))
        assert (found.result, found.measured) == (result, f"{text} (2026-11-29T12:00:00Z)")
    file.write_text("damaged")
    assert outcome.read(folder) is None


@pytest.mark.real
async def test_a_real_bridge_says_how_it_is(folder: Path) -> None:
    """With a trial file that cannot be read, which counts as one."""
    (folder / "r" / TRIAL_NAME).mkdir(parents=True)
    async with CentralSystem({}) as central, living(folder, central, {}):
        runtime = folder / "r"

        async def who() -> Identity:
            return await asyncio.to_thread(asking.identity, runtime)

        await central.until(lambda: central.requests("StatusNotification"), 30.0)
        found = await who()
        assert (found.version, found.store_open, found.central_system) == (
            version.numbers(),
            True,
            "accepted",
        )
        assert "/trial cannot be read: is a folder" in found.trial
        assert {each["status"] for each in central.requests("StatusNotification")} >= {"Unavailable"}
        (runtime / TRIAL_NAME).rmdir()
        async with asyncio.timeout(30.0):
            while (await who()).trial:  # noqa: ASYNC110 - it tells nobody
                await asyncio.sleep(0.1)
