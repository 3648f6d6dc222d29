"""mock.sock: the simulated world takes one JSON object a line and answers each with one, at once."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, assert_never

import msgspec

from hal.contract import MOCK_SOCKET_NAME
from hal.mock import hang
from hal.mock.control.verbs import (
    Action,
    BadLineError,
    Car,
    Clear,
    Copper,
    CpOpen,
    Disturb,
    Edge,
    Fault,
    House,
    Kernel,
    KernelHang,
    OfThePi,
    Pause,
    Plugging,
    PlugIn,
    PlugOut,
    PowerCut,
    PowerOn,
    Ready,
    State,
    Swipe,
    UnplugAtCar,
    Verb,
    Watch,
    parse,
)
from hal.mock.control.view import SLOW, View, visible, whole
from hal.mock.serial.reader import CardRefusalError, MockReader
from hal.mock.simulated_box import RefusalError, SimulatedBox

_LINE_LIMIT = 65_536  # bytes
_EDGE_LIMIT_S = 0.5  # far beyond the 100 ms that are allowed (IEC 61851-1 Table A.6)
_WATCH_S = 0.02
_SLOW_S = 1.0  # ramps are sent once a second
MOST_CLIENTS = 64  # of a test's many; then the oldest goes
_UNREAD_LIMIT = 1_000_000  # bytes; a watcher that does not read is dropped


class WorldTakenError(Exception):
    """Another mock owns the runtime folder; the text says so."""


@dataclass(frozen=True)
class WorldParts:
    """The parts of the simulated world that verbs move."""

    box: SimulatedBox
    reader: MockReader | None  # None: a box without one
    hang: hang.KernelHang


class Control:
    """Carries verbs out on the box."""

    def __init__(self, parts: WorldParts, keep_soon: Callable[[], None]) -> None:
        """Calls `keep_soon` at each plug event."""
        self._box, self._reader, self._hang = parts.box, parts.reader, parts.hang
        self._keep_soon = keep_soon
        self._conversations: dict[asyncio.StreamWriter, None] = {}  # the oldest first

    async def serve(self, runtime_dir: Path) -> asyncio.Server:
        """Listens in `runtime_dir`, which `take_over` has cleared: the box is ready."""
        return await asyncio.start_unix_server(
            self._converse, runtime_dir / MOCK_SOCKET_NAME, limit=_LINE_LIMIT
        )

    async def _converse(self, lines: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._conversations) >= MOST_CLIENTS:
            oldest = next(iter(self._conversations))
            del self._conversations[oldest]  # at once: a crowd comes before its conversation has ended
            oldest.transport.abort()
        self._conversations[writer] = None
        try:
            while line := await lines.readline():
                verb, answer = self.answer(line)
                writer.write(_line(answer))
                await writer.drain()
                if isinstance(verb, Watch):
                    await self._watch(writer)
        except ValueError:  # asyncio: the line is longer than its limit
            writer.write(_line(_no(f"a line of more than {_LINE_LIMIT} bytes")))
        except (ConnectionError, asyncio.CancelledError):
            pass  # asyncio of Python 3.11 would log the second as an error when the world ends
        finally:
            self._conversations.pop(writer, None)
            writer.close()

    def answer(self, line: bytes) -> tuple[Verb | None, View]:
        """Carries out the verb, if it was one, and returns what to say."""
        try:
            verb = parse(line)
        except BadLineError as error:
            return None, _no(str(error))
        try:
            return verb, {"ok": True} | self._do(verb)
        except (RefusalError, CardRefusalError) as error:
            return None, _no(str(error))

    def _do(self, verb: Verb) -> View:
        match verb:
            case Swipe(tag):
                return {"sent": self._swipe(tag)}
            case State():
                return whole(self._box)
            case Copper(parts, draw, nominal):
                return {"copper": self._box.rewire(parts, draw, nominal=nominal)}
            case Edge():
                return {"elapsed_ms": 1000 * self._box.measure_edge(_EDGE_LIMIT_S)}
            case Watch():
                return visible(self._box)
            case _:
                self._act(verb)
                return {}

    def _act(self, action: Action) -> None:
        box = self._box
        match action:
            case PlugIn() | PlugOut() | UnplugAtCar():
                self._plug(action)
            case Ready():
                box.plant.ready()
            case Pause():
                box.plant.pause()
            case Fault(name):
                box.fault(name)
            case Clear(name):
                box.clear(name)
            case Car(phases, amps):
                box.plant.set_car(phases, amps)
            case House(load_a, solar_w):
                box.set_house(load_a, solar_w)
            case CpOpen(ms):
                box.plant.open_cp(ms / 1000)
            case Disturb(name, pattern):
                box.disturb(name, pattern)
            case _:
                self._act_on_pi(action)

    def _act_on_pi(self, action: OfThePi) -> None:
        match action:
            case PowerCut():
                self._box.cut_power()
            case PowerOn():
                self._box.restore_power()
            case Kernel(policy):
                self._box.kernel.policy = policy
            case KernelHang(bites_after_s):
                self._hang.begin(bites_after_s, time.monotonic())
            case _:
                assert_never(action)

    def _plug(self, verb: Plugging) -> None:
        plant = self._box.plant
        match verb:
            case PlugIn():
                refusal = plant.plug_in()
            case PlugOut():
                refusal = plant.plug_out()
            case UnplugAtCar():
                refusal = plant.unplug_at_car()
            case _:
                assert_never(verb)
        if refusal is not None:
            raise RefusalError(refusal)
        self._keep_soon()

    def _swipe(self, tag: str) -> str:
        if self._reader is None:
            raise RefusalError("wallbox.toml: this box has no [reader]")
        if not self._box.powered:
            raise RefusalError("the power is off: the reader sees no card")
        return self._reader.show(tag)

    async def _watch(self, writer: asyncio.StreamWriter) -> None:
        """Sends a line for each change, until the peer disconnects or does not read."""
        sent, slow_at_s = visible(self._box), time.monotonic()
        while not writer.is_closing() and writer.transport.get_write_buffer_size() < _UNREAD_LIMIT:
            await asyncio.sleep(_WATCH_S)
            now = visible(self._box)
            now_s = time.monotonic()
            slow = now_s - slow_at_s >= _SLOW_S
            changed = {key: now[key] for key in now if now[key] != sent[key] and (slow or key not in SLOW)}
            if slow:
                slow_at_s = now_s
            if changed:
                sent |= changed
                writer.write(_line({"at_s": now_s, "changed": changed}))


def _no(text: str) -> View:
    return {"ok": False, "error": text}


def _line(answer: dict[str, Any]) -> bytes:
    return msgspec.json.encode(answer) + b"\n"


def take_over(runtime_dir: Path) -> None:
    """Removes the socket of a mock that was killed. Raises WorldTakenError when one lives there."""
    path = runtime_dir / MOCK_SOCKET_NAME
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
        except (FileNotFoundError, ConnectionRefusedError):
            path.unlink(missing_ok=True)
            return
    raise WorldTakenError(f"{path}: a mock wallbox listens there; end it or use another --runtime-dir")
