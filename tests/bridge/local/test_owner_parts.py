"""The owner's side without a bridge, and parts of it that raise: nothing takes anything else down."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

import pytest

from bridge.local import guarded as guarding
from bridge.local import settings
from bridge.local.asker import Asker, BridgeAwayError
from bridge.local.exchange import REPLY_LIMIT
from bridge.local.guarded import guarded
from bridge.local.orders import SOCKET_NAME, Identify, Identity
from bridge.local.owner import replaced
from bridge.local.watch import Watch
from hal.configuration.file import ConfigError

PATIENCE_S = 30.0


async def test_a_part_that_raises_is_begun_again_alone(
    caplog: pytest.LogCaptureFixture,
) -> None:
    begun, well = asyncio.Event(), asyncio.Event()
    times = 0

    async def ill() -> None:
        nonlocal times
        times += 1
        if times > 1:
            begun.set()
            await asyncio.Event().wait()
        raise ZeroDivisionError("of ours")

    async def other() -> None:
        await begun.wait()
        well.set()

    async with asyncio.timeout(PATIENCE_S), asyncio.TaskGroup() as tasks:
        running = tasks.create_task(guarded("ill", ill))
        tasks.create_task(guarded("other", other))
        await well.wait()
        running.cancel()
    assert "ill ended by an error of ours: again in 1 s" in caplog.text
    assert guarding.FIRST_S < guarding.LONGEST_S


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        (b"", "ended the connection"),
        (b"rubbish\n", "does not know"),
        (b"[" * 100_000 + b"\n", "does not know"),
        (b"x" * (REPLY_LIMIT + 10) + b"\n", "does not know"),
        (None, "did not answer within"),
    ],
)
async def test_a_bridge_that_answers_nonsense_is_away(tmp_path: Path, reply: bytes | None, why: str) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError), contextlib.closing(writer):
            await reader.readline()
            if reply is None:
                await reader.read()
            else:
                writer.write(reply)
                await writer.drain()
        ended.set()

    ended = asyncio.Event()
    (tmp_path / SOCKET_NAME).parent.mkdir()
    async with await asyncio.start_unix_server(answer, str(tmp_path / SOCKET_NAME)):
        with pytest.raises(BridgeAwayError, match=why):
            await Asker(tmp_path).ask(Identify(), Identity, 0.3 if reply is None else PATIENCE_S)
        await ended.wait()


async def test_who_listens_is_told_that_the_bridge_is_away(tmp_path: Path) -> None:
    watch = Watch(Asker(tmp_path))
    running = asyncio.create_task(watch.run())
    async with asyncio.timeout(PATIENCE_S):
        with watch.listening():
            first = await watch.newer(0)
            second = await watch.newer(first.number)  # a second later, not ten
    assert second.away == "The charge point does not run."
    assert second.at_s - first.at_s < 9.0
    running.cancel()


def test_without_a_file_there_is_a_page(tmp_path: Path) -> None:
    assert settings.load(tmp_path / settings.FILE_NAME) == settings.Owner()
    assert settings.Owner().page.enabled


def test_a_new_file_says_what_there_is_and_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / settings.FILE_NAME
    path.write_text(settings.new_file())
    assert settings.load(path) == settings.Owner()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[page]\nport = 80\n", "owner.toml:2: page.port = 80: must be a whole number, 1024 to 65535"),
        ("[page]\nlisten = 'everywhere'\n", "page.listen"),
        ("[pages]\n", "did you mean page?"),
        ("page = 1,5", "is not TOML"),
    ],
)
def test_a_mistake_is_said_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / settings.FILE_NAME
    path.write_text(text)
    with pytest.raises(ConfigError) as error:
        settings.load(path)
    assert said in str(error.value)


async def test_another_version_in_its_place_is_noticed(tmp_path: Path) -> None:
    current = tmp_path / "current"
    current.symlink_to(tmp_path / "slots" / "1")
    waiting = asyncio.create_task(replaced(current, 0.01))
    await asyncio.sleep(0.05)
    assert not waiting.done()
    (tmp_path / "new").symlink_to(tmp_path / "slots" / "2")
    (tmp_path / "new").rename(current)
    async with asyncio.timeout(PATIENCE_S):
        await waiting
