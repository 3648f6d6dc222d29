"""`python -m tests.bench.answering`: from the text of a request to the text of its answer, in one process.

Beside a bare charge point of the `ocpp` package whose handlers return the same answers from constants, in
turns, so that both meet the same machine. Ours decides, and has what it decided in the store (in memory),
before it answers.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from itertools import count
from statistics import median
from time import perf_counter
from typing import Any

from ocpp.routing import on
from ocpp.v16 import ChargePoint, call_result
from ocpp.v16.enums import ChargingProfileStatus

from tests.scenarios.chaos import Chaos

ROUNDS = 400
WARM_UP = 40
PROFILE = {
    "chargingProfileId": 24,
    "stackLevel": 8,
    "chargingProfilePurpose": "TxDefaultProfile",
    "chargingProfileKind": "Absolute",
    "chargingSchedule": {
        "startSchedule": "2025-12-31T23:59:00Z",
        "chargingRateUnit": "A",
        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 10.0}],
    },
}
REQUESTS: dict[str, dict[str, Any]] = {
    "GetConfiguration": {},
    "SetChargingProfile": {"connectorId": 1, "csChargingProfiles": PROFILE},
}
_ids = count(1)


class Bare(ChargePoint):  # type: ignore[misc] # the package has no types
    """As the package's own example: two handlers, constant answers."""

    def __init__(self, configuration_key: list[dict[str, Any]]) -> None:
        self.said: list[str] = []
        super().__init__("BARE0001", self)
        self._keys = configuration_key

    async def send(self, text: str) -> None:
        """The package calls its connection so."""
        self.said.append(text)

    @on("GetConfiguration")  # type: ignore[untyped-decorator]
    async def get_configuration(self, **_: object) -> call_result.GetConfiguration:
        return call_result.GetConfiguration(configuration_key=self._keys)

    @on("SetChargingProfile")  # type: ignore[untyped-decorator]
    async def set_charging_profile(self, **_: object) -> call_result.SetChargingProfile:
        return call_result.SetChargingProfile(status=ChargingProfileStatus.accepted)


class Ours:
    """The pure bridge, registered."""

    def __init__(self) -> None:
        self._chaos = Chaos("cloud", {})
        self._chaos.let_pass(5.0)
        self.said: list[str] = []
        self._chaos.world.said = self.said.append

    async def answer(self, text: str) -> None:
        """Without waiting for anything."""
        self._chaos.world.send(text)


async def run() -> None:
    ours = Ours()
    await ours.answer(request("GetConfiguration"))
    keys = [
        {"key": entry["key"], "readonly": entry["readonly"], "value": entry["value"]}
        for entry in json.loads(ours.said[-1])[2]["configurationKey"]
    ]
    bare = Bare(keys)
    print(f"from the text of a request to the text of its answer, median of {ROUNDS}")
    print(f"{'':20} {'evse-bridge':>14} {'bare ocpp':>14} {'ratio':>8}")
    for action in REQUESTS:
        here: list[float] = []
        there: list[float] = []
        for _ in range(WARM_UP + ROUNDS):
            here.append(await timed(ours.answer, ours.said, action))
            there.append(await timed(bare.route_message, bare.said, action))
        one, other = median(here[WARM_UP:]), median(there[WARM_UP:])
        print(f"{action:20} {one * 1e6:11.0f} µs {other * 1e6:11.0f} µs {one / other:8.2f}")


def request(action: str) -> str:
    return json.dumps([2, f"bench-{next(_ids)}", action, REQUESTS[action]])


async def timed(answer: Callable[[str], Awaitable[None]], said: list[str], action: str) -> float:
    """Seconds. Raises AssertionError unless it was answered with a result."""
    text = request(action)
    said.clear()
    began_s = perf_counter()
    await answer(text)
    took_s = perf_counter() - began_s
    (answered,) = said
    assert json.loads(answered)[:2] == [3, json.loads(text)[1]], answered
    return took_s


def main() -> int:
    asyncio.run(run())
    return 0


if __name__ == "__main__":
    sys.exit(main())
