"""The real world: `evse-bridge run --mock` with all its processes, and a Central System that says only what
the scenario says. Timers are shortened by configuration alone."""

from __future__ import annotations

import base64
import json
import queue
import socket
import sqlite3
import time
from collections import defaultdict
from contextlib import closing
from datetime import UTC, datetime
from threading import Thread
from typing import Any, TypeVar

from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.sync.server import Server, ServerConnection, serve
from websockets.typing import Subprotocol

from bridge.compose import DATABASE_NAME
from bridge.core.now import timestamp
from bridge.core.password import Password
from bridge.folders import CommandError
from bridge.mock_client import ask
from bridge.trial import TRIAL_NAME
from hal import contract
from hal.contract import Hello, LineBuffer, Reading, Status
from tests.scenarios.configured import loads_of
from tests.scenarios.door import Door, in_words
from tests.scenarios.script import Mode, Scenario
from tests.scenarios.trace import Trace, decided, stored, switched
from tests.scenarios.world import Arrival, Closed, Connected, Restarted, Said
from tests.system import configured, folders
from tests.system.configured import Values
from tests.system.programs import BlockingRun

M = TypeVar("M")
READY_S = 60.0  # a busy machine starts five processes
WALLBOX: Values = {
    "contactor.min_off_s": 0.1,
    "contactor.after_fault_s": 1.0,
    "lock.retry_wait_s": 0.5,
    "meter.poll_s": 0.5,
    "reader.model": "line",  # an RDM6300 would put two digits before each number
    "reader.hold_s": 0.5,
    "mock.energy_factor": 1.0,
}
# What a section needs besides the setting of a scenario: the house meter shares the bus.
BESIDE: dict[str, Values] = {
    "house.fuse_a": {
        "house.model": "eastron_sdm630",
        "house.port": "/dev/ttyUSB0",
        "house.unit": 2,
        "house.poll_s": 0.5,
    },
    "dimming.limit_w": {"dimming.pin": 6},
}
TIMING: Values = {"timing.back_off_first_s": 0.1, "timing.back_off_max_s": 0.5}
VERBS = {
    "car plugs in, ready": [{"do": "ready"}, {"do": "plug-in"}],
    "car plugs in": [{"do": "pause"}, {"do": "plug-in"}],
    "car ready": [{"do": "ready"}],
    "car pauses": [{"do": "pause"}],
    "car leaves": [{"do": "plug-out"}],
    "car unplugs at its side": [{"do": "fault", "name": "cp_open"}],
    "cable is taken out": [{"do": "plug-out"}, {"do": "clear", "name": "cp_open"}],
}


class _Connection:
    """One connection; what it says is put in the queue."""

    def __init__(self, socket: ServerConnection) -> None:
        self.socket = socket
        self.ended_by_us = False


class RealWorld:
    """All processes in folders of their own. `close` ends them."""

    soon_s = 30.0
    settle_s = 1.5
    expects_at_once = False

    def __init__(self, scenario: Scenario, mode: Mode) -> None:
        self._arrivals: queue.SimpleQueue[Arrival] = queue.SimpleQueue()
        self._told_status = "(none)"
        self._connection: _Connection | None = None
        self._bridge_pid: int | None = None
        self._way_open = not scenario.offline
        self._door = Door()
        self._shown: Password | None = None  # at the last handshake
        self._server: Server = serve(
            self._converse, "127.0.0.1", 0, subprotocols=[Subprotocol("ocpp1.6")],
            process_request=self._refuse, ping_interval=None, compression=None,
        )  # fmt: skip
        self._thread = Thread(target=self._server.serve_forever, name="central system")
        self._thread.start()
        self._folder = folders.new()
        self._run = BlockingRun(self._folder)
        self._configure(scenario, mode)
        self._run.start("--mock")
        self._run.until((self._run.runtime / contract.MOCK_SOCKET_NAME).exists, "the simulated world")
        self._run.until(self._meter_read, "the meter is read")

    def _configure(self, scenario: Scenario, mode: Mode) -> None:
        port = self._server.socket.getsockname()[1]
        charge_point = {
            **TIMING,
            "central_system.url": f"ws://127.0.0.1:{port}/ocpp",
            "zaptec.mode": mode,
            **{f"ocpp.keys.{name}": value for name, value in scenario.keys.items()},
        }
        wallbox = dict(WALLBOX)
        for name, value in scenario.settings.items():
            side = wallbox if name.startswith(("installation.", "house.", "dimming.")) else charge_point
            side[name] = {"true": True, "false": False}.get(value, value)
            if name.startswith(("house.", "dimming.", "solar.")) and value.isdecimal():
                side[name] = float(value)
            wallbox |= BESIDE.get(name, {})
        if "installation.phases" in wallbox:
            wallbox["installation.phases"] = int(str(wallbox["installation.phases"]))
        configured.write_plain(self._run.config, wallbox, charge_point)

    def _meter_read(self) -> bool:
        try:
            return self._overheard(Reading) is not None
        except OSError:
            return False

    def log(self) -> str:
        """The last lines of all programs."""
        return "\n".join(self._run.lines)[-4000:]

    def end(self) -> Trace:
        """Tells all programs to end; what they did. Raises AssertionError when `run` did not end in order."""
        lines = self._run.lines
        self._end()
        said: dict[str, list[str]] = defaultdict(list)
        for program, line in map(_split, lines):
            said[program].append(line)
        with closing(sqlite3.connect(self._run.state / DATABASE_NAME)) as database:
            return Trace(decided(said["bridge"]), switched(said["safety"]), stored(database))

    def close(self) -> None:
        """Raises AssertionError when `run` did not end in order, or left a program behind."""
        try:
            if self._run.main.poll() is None:
                self._end()
        finally:
            folders.remove(self._folder)

    def _end(self) -> None:
        self._leave_unlisted()
        try:
            code = self._run.end()
        finally:
            left = self._run.kill_orphans()
            self._server.shutdown()
            self._thread.join()
        said = self.log()
        assert (code, left) == (0, []), f"run ended with {code} and left {left}:\n{said}"

    # Time

    @property
    def now_s(self) -> float:
        return time.monotonic()

    def utc(self) -> str:
        return timestamp(datetime.now(UTC))

    def next_arrival(self, within_s: float) -> Arrival | None:
        try:
            return self._arrivals.get(timeout=within_s) if within_s > 0 else self._arrivals.get_nowait()
        except queue.Empty:
            return None

    # The link; these run in the server's threads

    def _refuse(self, connection: ServerConnection, request: Request) -> Response | None:
        if not self._way_open:
            return connection.respond(503, "the scenario has cut the link\n")
        self._shown = _password(request)
        return connection.respond(401, "another password\n") if self._door.refuses(self._shown) else None

    def _converse(self, socket: ServerConnection) -> None:
        connection = _Connection(socket)
        pid = self._run.pids().get("bridge")
        if pid != self._bridge_pid:
            self._bridge_pid = pid
            self._arrivals.put(Restarted())
        self._connection = connection
        self._arrivals.put(Connected())
        try:
            for message in socket:
                self._note_status(str(message))
                self._arrivals.put(Said(str(message)))
        except ConnectionClosed:
            pass
        if not connection.ended_by_us:
            self._arrivals.put(Closed())

    def _note_status(self, text: str) -> None:
        match json.loads(text):
            case [2, _, "StatusNotification", {"connectorId": 1, "status": status}]:
                self._told_status = status

    def send(self, text: str) -> None:
        if self._connection is not None:
            try:
                self._connection.socket.send(text)
            except ConnectionClosed:
                return

    # What happens

    def do(self, verb: str, argument: str) -> None:
        match verb:
            case "card" | "fault" | "clear" | "house" | "sun":
                self._ask(_with_argument(verb, argument))
            case "link lost":
                self._way_open = False
                self._end_connection()
            case "hangup":
                self._end_connection(int(argument))
            case "link back":
                self._way_open = True
            case "password":
                self._door.opens_for = argument
            case "bridge restarts":
                self._leave_unlisted()
                self._run.kill("bridge")
            case "trial begins":
                (self._run.runtime / TRIAL_NAME).write_text("0.2.0.0\n")
            case "trial ends":
                (self._run.runtime / TRIAL_NAME).unlink()
            case _ if verb in VERBS:
                for request in VERBS[verb]:
                    self._ask(request)
            case _:
                raise ValueError("this world does not know how")

    def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        try:
            return ask(self._run.runtime, request)
        except CommandError as error:
            raise ValueError(str(error)) from None

    def _leave_unlisted(self) -> None:
        """The end of this connection is the scenario's doing."""
        if self._connection is not None:
            self._connection.ended_by_us = True

    def _end_connection(self, code: int = 1000) -> None:
        self._leave_unlisted()
        if self._connection is not None:
            self._connection.socket.close(code)
            self._connection = None

    # What is so

    def seen(self, what: str, name: str) -> str:
        match what:
            case "status":
                return self._told_status
            case "password":
                return in_words(self._shown)
            case "lamp":
                return self._overheard(Status).lamp
            case "offer":
                offer = self._ask({"do": "state"})["pilot"]
                return "none" if isinstance(offer, str) else f"{offer:g} A"
            case "contactor":
                return "closed" if self._ask({"do": "state"})["contactor_closed"] else "open"
            case "cable":
                return "locked" if self._ask({"do": "state"})["locked"] else "unlocked"
            case _:
                raise AssertionError(f"expect {what} {name}: leave it to the pure world")

    def _overheard(self, kind: type[M]) -> M:
        """The next message of that kind that `hal.safety` tells an observer. Raises OSError."""
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(READY_S)
            client.connect(str(self._run.runtime / contract.SOCKET_NAME))
            client.sendall(contract.encode(Hello(role="observer")))
            lines = LineBuffer()
            while received := client.recv(65_536):
                for message in map(contract.decode, lines.feed(received)):
                    if isinstance(message, kind):
                        return message
        raise ConnectionError("hal.safety closed the socket")


def _with_argument(verb: str, argument: str) -> dict[str, Any]:
    match verb:
        case "card":
            return {"do": "swipe", "tag": argument}
        case "house":
            return {"do": "house", "load_a": loads_of(argument)}
        case "sun":
            return {"do": "house", "solar_w": float(argument)}
        case _:
            return {"do": verb, "name": argument}


def _split(line: str) -> tuple[str, str]:
    """The program, and what it said."""
    program, _, said = line.partition("|")
    return program.removeprefix("MOCK").strip(), said.strip()


def _password(request: Request) -> Password | None:
    """Of Basic authentication."""
    kind, _, pair = request.headers.get("Authorization", "").partition(" ")
    return Password(base64.b64decode(pair).partition(b":")[2]) if kind == "Basic" else None
