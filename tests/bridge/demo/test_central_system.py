"""The embedded Central System is real and strict: each rule is broken once and noticed."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Subprotocol

from bridge.demo.alone import serve
from bridge.demo.central_system import CentralSystem, Line, Refused
from bridge.demo.ledger import Tag
from bridge.folders import CommandError

PATIENCE_S = 30.0
TAGS = {"04AABBCC": Tag(parent="FAMILY"), "DEADBEEF": Tag("Blocked")}
NOW = "2026-04-17T17:34:06Z"
BOOT = {"chargePointVendor": "Zaptec", "chargePointModel": "Zaptec Go OCPP"}
START = {"connectorId": 1, "idTag": "04aabbcc", "meterStart": 12_345_000, "timestamp": NOW}


def status(name: str, connector_id: int = 1) -> dict[str, Any]:
    return {"connectorId": connector_id, "errorCode": "NoError", "status": name, "timestamp": NOW}


class ChargePoint:
    """The other end, by hand."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self._ids = 0

    async def send(self, *items: object) -> None:
        await self.socket.send(json.dumps(items))

    async def receive(self) -> Any:
        return json.loads(await asyncio.wait_for(self.socket.recv(), PATIENCE_S))

    async def ask(self, action: str, payload: dict[str, Any]) -> Any:
        self._ids += 1
        await self.send(2, f"id-{self._ids}", action, payload)
        answer = await self.receive()
        assert answer[1] == f"id-{self._ids}"
        return answer[2:] if answer[0] == 4 else answer[2]


@contextlib.asynccontextmanager
async def connected(central_system: CentralSystem) -> AsyncIterator[ChargePoint]:
    url = f"{central_system.url}/MOCK0001"
    async with connect(url, subprotocols=[Subprotocol("ocpp1.6")], proxy=None) as socket:
        yield ChargePoint(socket)


@contextlib.asynccontextmanager
async def both(**options: Any) -> AsyncIterator[tuple[CentralSystem, ChargePoint]]:
    async with CentralSystem(TAGS, **options) as central_system, connected(central_system) as charge_point:
        yield central_system, charge_point


async def test_a_session_is_written_down() -> None:
    lines: list[Line] = []
    async with both(heard=lines.append) as (central_system, charge_point):
        ask = charge_point.ask
        assert (await ask("BootNotification", BOOT))["status"] == "Accepted"
        for name in ("Available", "Preparing"):
            await ask("StatusNotification", status(name))
        authorized = await ask("Authorize", {"idTag": "04AABBCC"})
        assert authorized == {"idTagInfo": {"status": "Accepted", "parentIdTag": "FAMILY"}}
        started = await ask("StartTransaction", START)
        transaction_id = started["transactionId"]
        sample = {"timestamp": NOW, "sampledValue": [{"value": "1"}]}
        values = {"connectorId": 1, "transactionId": transaction_id, "meterValue": [sample]}
        assert await ask("MeterValues", values) == {}
        stop = {"transactionId": transaction_id, "meterStop": 12_346_000, "timestamp": NOW}
        assert await ask("StopTransaction", stop) == {}
        await ask("StatusNotification", status("Finishing"))
        assert "currentTime" in await ask("Heartbeat", {})

        transaction = central_system.ledger.transactions[transaction_id]
        assert (transaction.energy_wh, transaction.values) == (1000, [values])
        assert central_system.ledger.statuses() == ["Available", "Preparing", "Finishing"]
        assert central_system.requests("BootNotification") == [BOOT]
        assert central_system.identity == "MOCK0001"
        assert central_system.violations == []
        assert lines == central_system.transcript
        assert len(lines) == 18
        assert {line.action for line in lines[:2]} == {"BootNotification"}


async def test_nothing_is_deduplicated_and_ids_rise() -> None:
    async with both() as (central_system, charge_point):
        await charge_point.ask("BootNotification", BOOT)
        ids = [(await charge_point.ask("StartTransaction", START))["transactionId"] for _ in range(3)]
        assert ids == [1, 2, 3]
        assert len(central_system.ledger.transactions) == 3


@pytest.mark.parametrize(
    ("id_tag", "expected"), [("DEADBEEF", "Blocked"), ("deadbeef", "Blocked"), ("00000000", "Invalid")]
)
async def test_tags(id_tag: str, expected: str) -> None:
    async with both() as (central_system, charge_point):
        await charge_point.ask("BootNotification", BOOT)
        answer = await charge_point.ask("Authorize", {"idTag": id_tag})
        assert answer["idTagInfo"]["status"] == expected
        central_system.ledger.set_tag(id_tag, Tag())
        answer = await charge_point.ask("Authorize", {"idTag": id_tag})
        assert answer["idTagInfo"]["status"] == "Accepted"


# Each rule, broken


@pytest.mark.parametrize(
    ("frames", "violation"),
    [
        (["hello"], "unreadable"),
        ([b"\x00"], "unreadable: a binary message"),
        (['[2,"a","Heartbeat"]'], "unreadable: FormationViolation"),
        (['[2,"a","Heartbeat",{"x":1}]'], "Heartbeat.req: FormationViolation"),
        (['[2,"a","Nonsense",{}]'], "Nonsense is not for a charge point to send"),
        (['[2,"a","Reset",{"type":"Soft"}]'], "Reset is not for a charge point to send"),
        (['[2,"","Heartbeat",{}]'], "an id of 0 characters"),
        ([f'[2,"{"a" * 37}","Heartbeat",{{}}]'], "an id of 37 characters"),
        (['[2,"a","Heartbeat",{}]', '[2,"a","Heartbeat",{}]'], "the id a was used before"),
        (['[3,"a",{}]'], "an answer to 'a', which was not asked"),
        (['[4,"a","GenericError","",{}]'], "an answer to 'a', which was not asked"),
        (
            [json.dumps([2, "a", "StatusNotification", {**status("Available"), "timestamp": "now"}])],
            "timestamp 'now' is no date and time",
        ),
        (
            [json.dumps([2, "a", "StartTransaction", {**START, "meterStart": 1.5}])],
            "StartTransaction.req: TypeConstraintViolation",
        ),
    ],
)
async def test_a_broken_rule_is_a_violation(frames: list[str | bytes], violation: str) -> None:
    async with both() as (central_system, charge_point):
        await charge_point.ask("BootNotification", BOOT)
        for frame in frames:
            await charge_point.socket.send(frame)
        await central_system.until(lambda: bool(central_system.violations))
        assert violation in central_system.violations[0]


async def test_nothing_before_boot_notification() -> None:
    async with both() as (central_system, charge_point):
        await charge_point.ask("Heartbeat", {})
        assert central_system.violations == ["Heartbeat before BootNotification was accepted"]


async def test_one_call_in_flight() -> None:
    async with both(call_timeout_s=PATIENCE_S) as (central_system, charge_point):
        await charge_point.ask("BootNotification", BOOT)
        central_system.script.silent.add("Heartbeat")
        await charge_point.send(2, "a", "Heartbeat", {})
        await charge_point.send(2, "b", "Authorize", {"idTag": "04AABBCC"})
        assert (await charge_point.receive())[1] == "b"
        assert central_system.violations == ["Authorize while Heartbeat is in flight"]


async def test_after_its_time_out_the_next_call_is_allowed() -> None:
    async with both(call_timeout_s=0.0) as (central_system, charge_point):
        await charge_point.ask("BootNotification", BOOT)
        central_system.script.silent.add("Heartbeat")
        await charge_point.send(2, "a", "Heartbeat", {})
        await charge_point.send(2, "b", "Authorize", {"idTag": "04AABBCC"})
        assert (await charge_point.receive())[1] == "b"
        assert central_system.violations == []


# Calls


async def answer_one(charge_point: ChargePoint, *answer: object) -> None:
    request = await charge_point.receive()
    await charge_point.send(answer[0], request[1], *answer[1:])


async def test_a_call_brings_the_answer() -> None:
    async with both() as (central_system, charge_point):
        asked = asyncio.create_task(central_system.call("Reset", {"type": "Soft"}))
        await answer_one(charge_point, 3, {"status": "Accepted"})
        assert await asked == {"status": "Accepted"}
        assert central_system.violations == []
        assert central_system.transcript[-1].action == "Reset"


@pytest.mark.parametrize(
    ("answer", "violation"),
    [
        ((4, "NotSupported", "no", {}), None),
        ((4, "FormatViolation", "no", {}), "which OCPP-J does not know"),
        ((4, "GenericError"), "a CALLERROR has 5 elements"),
    ],
)
async def test_a_refused_call_raises(answer: tuple[object, ...], violation: str | None) -> None:
    async with both() as (central_system, charge_point):
        asked = asyncio.create_task(central_system.call("ClearCache", {}))
        await answer_one(charge_point, *answer)
        with pytest.raises(Refused) as caught:
            await asked
        assert caught.value.error.code == answer[1]
        assert [violation in told for told in central_system.violations if violation] == [True] * bool(
            violation
        )


async def test_a_wrong_answer_is_a_violation() -> None:
    async with both() as (central_system, charge_point):
        asked = asyncio.create_task(central_system.call("Reset", {"type": "Soft"}))
        await answer_one(charge_point, 3, {"status": "Fine"})
        assert await asked == {"status": "Fine"}
        assert "Reset.conf: PropertyConstraintViolation" in central_system.violations[0]


async def test_its_own_malformed_call_is_a_violation_unless_meant() -> None:
    async with both() as (central_system, charge_point):
        for sound in (False, True):
            asked = asyncio.create_task(central_system.call("Reset", {}, sound=sound))
            await answer_one(charge_point, 4, "ProtocolError", "type is missing", {})
            with pytest.raises(Refused):
                await asked
            assert len(central_system.violations) == sound


async def test_a_call_that_is_not_answered() -> None:
    async with both() as (central_system, charge_point):
        with pytest.raises(TimeoutError, match="ClearCache: no answer"):
            await central_system.call("ClearCache", {}, timeout_s=0.05)
        late = await charge_point.receive()
        asked = asyncio.create_task(central_system.call("Reset", {"type": "Hard"}))
        await charge_point.send(3, late[1], {"status": "Accepted"})
        await answer_one(charge_point, 3, {"status": "Rejected"})
        assert await asked == {"status": "Rejected"}
        assert central_system.violations == [], "a late answer is none"


async def test_a_call_ends_with_its_connection() -> None:
    async with both() as (central_system, charge_point):
        asked = asyncio.create_task(central_system.call("ClearCache", {}))
        await charge_point.receive()
        await charge_point.socket.close()
        with pytest.raises(ConnectionError):
            await asked
        with pytest.raises(ConnectionError, match="no charge point is connected"):
            await central_system.call("ClearCache", {})


# The script


async def test_boot_pending_and_rejected() -> None:
    async with both() as (central_system, charge_point):
        central_system.script.boot, central_system.script.boot_interval_s = "Rejected", 7
        answer = await charge_point.ask("BootNotification", BOOT)
        assert (answer["status"], answer["interval"]) == ("Rejected", 7)
        central_system.script.boot = "Pending"
        assert (await charge_point.ask("BootNotification", BOOT))["status"] == "Pending"
        await charge_point.ask("StatusNotification", status("Available"))
        assert central_system.violations == [], "triggered messages are allowed while Pending"
        assert not central_system.registered


async def test_call_errors_for_the_next_requests() -> None:
    async with both() as (central_system, charge_point):
        await charge_point.ask("BootNotification", BOOT)
        central_system.script.refuse_next("StartTransaction", 2, "InternalError")
        codes = [(await charge_point.ask("StartTransaction", START))[0] for _ in range(2)]
        assert codes == ["InternalError"] * 2
        assert central_system.ledger.transactions == {}
        assert (await charge_point.ask("StartTransaction", START))["transactionId"] == 1


async def test_delayed_answers_and_answers_of_ones_own() -> None:
    async with both() as (central_system, charge_point):
        await charge_point.ask("BootNotification", BOOT)
        central_system.script.delay_s["StartTransaction"] = 0.05
        central_system.script.answers["StartTransaction"] = {
            "transactionId": 0,
            "idTagInfo": {"status": "Invalid"},
        }
        await charge_point.send(2, "a", "StartTransaction", START)
        asked = asyncio.create_task(central_system.call("ClearCache", {}))
        await answer_one(charge_point, 3, {"status": "Accepted"})
        await asked
        assert (await charge_point.receive())[2]["transactionId"] == 0
        assert 0 in central_system.ledger.transactions
        assert central_system.violations == []


async def test_a_request_that_breaks_the_rules_is_refused_and_not_written_down() -> None:
    async with both() as (central_system, charge_point):
        await charge_point.ask("BootNotification", BOOT)
        answer = await charge_point.ask("StartTransaction", {"connectorId": 1})
        assert answer[0] == "FormationViolation"
        assert central_system.ledger.transactions == {}


async def test_it_goes_away_and_comes_back_on_the_same_port() -> None:
    async with CentralSystem(TAGS) as central_system:
        url, port = central_system.url, central_system.port
        async with connected(central_system) as charge_point:
            await central_system.stop_listening()
            with pytest.raises(ConnectionClosed):
                await charge_point.socket.recv()
        with pytest.raises(OSError):
            await connect(url, proxy=None)
        await central_system.listen()
        assert central_system.port == port
        async with connected(central_system):
            assert central_system.connections == 2


async def test_refused_handshakes_and_closed_sockets() -> None:
    async with CentralSystem(TAGS) as central_system:
        central_system.script.refuse = HTTPStatus.FORBIDDEN
        with pytest.raises(InvalidStatus):
            await connect(f"{central_system.url}/x", subprotocols=[Subprotocol("ocpp1.6")], proxy=None)
        central_system.script.refuse = None
        async with connected(central_system) as charge_point:
            await central_system.until(lambda: central_system.identity is not None)
            await central_system.close_socket(1001)
            with pytest.raises(ConnectionClosed):
                await charge_point.socket.recv()
        await central_system.until(lambda: central_system.identity is None)


async def test_waiting_in_vain_shows_the_last_messages() -> None:
    async with both() as (central_system, charge_point):
        await charge_point.ask("BootNotification", BOOT)
        with pytest.raises(TimeoutError, match="Zaptec Go OCPP"):
            await central_system.until(lambda: central_system.ledger.transactions, timeout_s=0.05)


def test_alone_it_shows_what_is_said_and_names_the_card_it_accepts() -> None:
    said: list[str] = []

    async def a_charge_point_comes(url: str) -> None:
        async with connect(f"{url}/MOCK0001", subprotocols=[Subprotocol("ocpp1.6")], proxy=None) as socket:
            charge_point = ChargePoint(socket)
            await charge_point.ask("BootNotification", BOOT)
            for card in ("0004AABBCC", "00DEADBEEF"):
                await charge_point.ask("Authorize", {"idTag": card})

    asyncio.run(serve(0, said.append, a_charge_point_comes))
    assert "it accepts the card 0004AABBCC" in said[0]
    assert [line.partition(" ")[2] for line in said[1:]] == [
        "→ BootNotification Zaptec Go OCPP",
        "← Accepted, every 300 s",
        "→ Authorize 0004AABBCC",
        "← Accepted",
        "→ Authorize 00DEADBEEF",
        "← Invalid",
    ]


def test_alone_it_names_a_port_that_is_taken() -> None:
    async def no_charge_point(_: str) -> None:
        raise AssertionError("it listens on a port that is taken")

    async def on_one_port() -> None:
        async with CentralSystem(TAGS) as first:
            with pytest.raises(CommandError, match=rf"^port {first.port}: .* --port$"):
                await serve(first.port, print, no_charge_point)

    asyncio.run(on_one_port())
