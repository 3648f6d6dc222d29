"""The page of a model box: the real server before a desk whose bridge is a small model of the real one.

Its States are made of the product's own types, and its reasons by the product's own table.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import tempfile
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from bridge.core.charging_profile import ChargingProfile, Mains
from bridge.core.limits.charging_schedule import Circumstances
from bridge.core.rows import Session as SessionRow
from bridge.local import orders, price
from bridge.local.asker import Asker
from bridge.local.history.history import History
from bridge.local.history.record import Record
from bridge.local.orders import (
    Answered,
    ClearFaults,
    ClearProfiles,
    Frame,
    Frames,
    Identify,
    Identity,
    Installed,
    Key,
    Keys,
    ListFrames,
    ListKeys,
    ListProfiles,
    ListSessions,
    LookAtState,
    Looked,
    OfferAgain,
    Order,
    Page,
    Reply,
    SetOwnerLimit,
    StartCharging,
    StopCharging,
)  # fmt: skip
from bridge.local.settings import Page as PageSettings
from bridge.local.state.state import Limit, State
from bridge.local.watch import Watch
from bridge.local.web.server import Box, Server
from bridge.local.why.why import why
from tests.bridge.local.states import CHARGING, WELL, changed
from tests.bridge.local.web.serving import CHEAP, free_port
from tests.memory import MEMORY
from tests.system.waiting import until_asked

INSTALLED_A = 16.0


@dataclass
class ModelBox:
    """The bridge as the desk shows it. A test may change what it likes."""

    state: State = WELL
    sessions: list[SessionRow] = field(default_factory=list)
    profiles: list[ChargingProfile] = field(default_factory=list)
    keys: tuple[Key, ...] = ()
    frames: list[Frame] = field(default_factory=list)
    refuses: str = ""  # why the next orders are refused
    heard: list[Order] = field(default_factory=list)

    def answer(self, order: Order) -> Answered | Page | Identity | Frames:
        """Does what is ordered, as the bridge would."""
        match order:
            case LookAtState():
                return Looked(self._seen())
            case ListSessions(after=after):
                return Page(tuple(each for each in self.sessions if each.row.row_id > after)[:50])
            case ListProfiles():
                return Installed(
                    tuple(self.profiles), Circumstances(None, _now(), INSTALLED_A, Mains(3, 230.0)), _now()
                )
            case ListKeys():
                return Keys(self.keys)
            case ListFrames(after=after):
                return Frames(
                    tuple(each for each in self.frames if each.number > after)[:50], len(self.frames)
                )
            case Identify():
                return Identity("/nowhere/bridge.sqlite", mock=True)
            case _:
                self.heard.append(order)
                return Reply("Rejected", why=self.refuses) if self.refuses else self._done(order)

    def _done(self, order: Order) -> Reply:
        match order:
            case StartCharging(id_tag=id_tag):
                self.state = changed(
                    CHARGING, connector={"id_tag": id_tag}, limits=self.state.limits, box={"faults": ()}
                )
            case StopCharging():
                self.state = changed(WELL, limits=self.state.limits)
            case SetOwnerLimit(limit_a=limit_a):
                others = tuple(each for each in self.state.limits if each.name != "owner")
                own = () if limit_a is None else (Limit(name="owner", limit_a=limit_a),)
                limits = tuple(sorted((*others, *own), key=lambda each: each.limit_a))
                self.state = changed(self.state, limits=limits)
            case ClearProfiles(profile_ids=ids):
                self.profiles = [each for each in self.profiles if each.profile_id not in ids]
            case ClearFaults(faults=faults):
                gone = {(each.id, each.occurrence) for each in faults}
                left = tuple(f for f in self.state.box.faults if (f.id, f.occurrence) not in gone)
                self.state = changed(self.state, box={"faults": left})
            case OfferAgain(row_id=row_id):
                self.sessions = [
                    _offered(each) if each.row.row_id == row_id else each for each in self.sessions
                ]
            case _:
                return Reply("Rejected", why=f"this model does not know {type(order).__name__}")
        return Reply("Accepted")

    def _seen(self) -> State:
        at = datetime.now(UTC).replace(microsecond=0).isoformat()
        now = changed(self.state, at=at)
        return msgspec.structs.replace(now, why=why(now))


def _offered(session: SessionRow) -> SessionRow:
    return SessionRow(replace(session.row, given_up=None), waiting=1)


def _now() -> int:
    return int(time.time())


@dataclass
class Shown:
    """A page that can be opened, and the box behind it."""

    url: str
    box: ModelBox
    folder: Path
    port: int
    _desk: asyncio.Server | None = None
    _serving: list[asyncio.Task[None]] = field(default_factory=list)

    async def start_bridge(self) -> None:
        """It answers at its desk."""
        path = self.folder / orders.SOCKET_NAME
        path.parent.mkdir(exist_ok=True)
        path.unlink(missing_ok=True)
        self._desk = await asyncio.start_unix_server(self._converse, path)

    async def stop_bridge(self) -> None:
        """Nobody listens at the desk."""
        assert self._desk is not None
        self._desk.close()
        (self.folder / orders.SOCKET_NAME).unlink()

    async def start_server(self) -> None:
        """It listens at its port."""
        asker = Asker(self.folder)
        watch = Watch(asker)
        history = History(self.folder, watch)
        mock = self.box.state.mock
        server = Server(
            Box(PageSettings(port=self.port, listen="127.0.0.1"), self.folder, asker, watch, history, mock),
            CHEAP,
        )
        self._serving = [asyncio.create_task(each) for each in (watch.run(), history.run(), server.run())]
        await until_asked(self._listens, "the server's port")

    async def stop_server(self) -> None:
        """As when its process ends."""
        for task in self._serving:
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)

    async def _listens(self) -> bool:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", self.port)
        except ConnectionError:
            return False
        writer.transport.abort()
        return True

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, ValueError):
            while line := await reader.readline():
                writer.write(orders.encode(self.box.answer(orders.order(line))))
                await writer.drain()
        writer.close()


@contextlib.asynccontextmanager
async def shown(box: ModelBox) -> AsyncIterator[Shown]:
    """Serves the page of that box."""
    with tempfile.TemporaryDirectory(prefix="evse-", dir=MEMORY) as name:
        port = free_port()
        made = Shown(f"http://127.0.0.1:{port}", box, Path(name), port)
        _remember_a_day(made.folder)
        price.save(made.folder, price.Price(0.31))
        await made.start_bridge()
        await made.start_server()
        try:
            yield made
        finally:
            await made.stop_server()
            await made.stop_bridge()


def _remember_a_day(folder: Path) -> None:
    """A day of samples with a charge in the afternoon, and five weeks of energy."""
    now, record = _now(), Record(folder)
    record.open()
    samples = []
    for at in range(now - 86_400 + 600, now, 10):
        into_h = (at - now) / 3600 + 24
        charges = 3 < into_h < 6.5 or into_h > 23.4
        amps = (12 + 3 * math.sin(at / 900)) if charges else 0.0
        if 10 < into_h < 11:
            continue  # the box was off
        samples.append((at, amps * 3 * 230, amps, amps * 0.98, amps * 1.01, 16.0 if charges else 0.0))
    today = datetime.now().astimezone().date()
    days = {
        (today - timedelta(days=ago)).isoformat(): (
            int(9000 + 8000 * math.sin(ago * 1.7)) * (ago % 4 != 0),
            True,
        )
        for ago in range(70)
    }
    record.write(samples, days, None, now)
    record.close()
