"""What a Central System must not send: answered as OCPP-J wants it, and the link stays."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bridge.demo.central_system import Refused
from tests.system.world import World, world

pytestmark = pytest.mark.real
UNREADABLE: list[str | bytes] = [
    "not JSON", "", "{}", "[]", "null", "[2]", '[2, 5, "Reset", {}]', '[5, "id", {}]',
    '["2", "id", "Reset", {}]', '[3, "nobody-asked", {}]', '[4, "nobody-asked", "GenericError", "", {}]',
    "[" * 100_000, "x" * (1 << 20), b"\x00\x01binary", b'[2, "id", "Reset", {"type": "Hard"}]',
]  # fmt: skip
REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("MakeCoffee", {}, "NotImplemented"),
    ("ExtendedTriggerMessage", {}, "NotSupported"),
    ("Reset", {}, "ProtocolError"),
    ("Reset", {"type": "Lukewarm"}, "PropertyConstraintViolation"),
    ("Reset", {"type": 5}, "TypeConstraintViolation"),
    ("Reset", {"type": "Soft", "colour": "blue"}, "FormationViolation"),
    ("RemoteStartTransaction", {"idTag": "x" * 21}, "PropertyConstraintViolation"),
]
MALFORMED = ['[2, "arity", "Reset"]', '[2, "payload", "Reset", []]', '[2, "action", 7, {}]']


async def test_bad_frames_in_mid_charge_are_answered_as_ocpp_says_and_the_link_stays() -> None:
    async with world() as w:
        transaction = await w.charge()
        for message in UNREADABLE:
            await w.central_system.send_raw(message)
        await answers(w)
        for action, payload, code in REFUSED:
            with pytest.raises(Refused) as refused:
                await w.central_system.call(action, payload, sound=False)
            assert (action, payload, refused.value.error.code) == (action, payload, code)
            assert len(refused.value.error.description) <= 255
        for message in MALFORMED:
            await w.central_system.send_raw(message)
            await refused_with(w, json.loads(message)[1], "FormationViolation")
        await answers(w)
        assert w.central_system.connections == 1
        assert [closed for _, closed in w.truth.of("contactor_closed")] == [True]
        assert not transaction.stops
        assert w.statuses[-1] == "Charging"
        dropped = [line for line in w.run.said if "dropped a" in line.text]
        assert len(dropped) == len(UNREADABLE)
        w.central_system.violations.clear()  # its own rules: it never asked what it sent raw


async def answers(w: World) -> None:
    """The link lives, in both directions."""
    before = len(w.central_system.requests("Heartbeat"))
    trigger = {"requestedMessage": "Heartbeat"}
    assert await w.central_system.call("TriggerMessage", trigger) == {"status": "Accepted"}
    await w.until(lambda: len(w.central_system.requests("Heartbeat")) > before, "Heartbeat")


async def refused_with(w: World, message_id: str, code: str) -> None:
    """The CALLERROR under that id."""

    def answer() -> list[Any]:
        lines = [line for line in w.central_system.transcript if line.sender == "charge point"]
        frames = [json.loads(line.text) for line in lines]
        return [frame for frame in frames if frame[1] == message_id]

    (frame,) = await w.until(answer, f"an answer to {message_id}")
    assert (frame[0], frame[2]) == (4, code)
