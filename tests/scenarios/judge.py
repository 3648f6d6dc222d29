"""PURE: what every frame of the charge point must fulfil, whatever the scenario lists.

OCPP-J 1.6: 4.1.1 one CALL in flight, 4.1.4 unique ids; OCPP 1.6: 4.2 nothing before BootNotification was
accepted; and the JSON schema of every message, by another validator than the product's.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from importlib.resources import files
from typing import Any, get_args

from jsonschema import Draft4Validator

from bridge.central_system.frames import ErrorCode

CALL, CALLRESULT, CALLERROR = 2, 3, 4
ID_LIMIT = 36
TRANSACTION_CALLS = ("StartTransaction", "StopTransaction")


@dataclass(frozen=True, slots=True)
class TimeOuts:
    """After so long without an answer the charge point may send its next CALL."""

    message_s: float = 10.0  # MessageTimeout at first start
    transaction_s: float = 60.0

    def of(self, action: str) -> float:
        """MeterValues count as the shorter: they may have been triggered."""
        return self.transaction_s if action in TRANSACTION_CALLS else self.message_s


@dataclass(frozen=True, slots=True)
class OpenCall:
    """A CALL of the charge point that was not answered."""

    id: str
    action: str
    payload: dict[str, Any]
    at_s: float


class Judge:
    """One connection after another. What `heard` returns are the faults, in words."""

    def __init__(self, time_outs: TimeOuts = TimeOuts()) -> None:
        self._time_outs = time_outs
        self._ids: set[str] = set()
        self.unanswered: list[OpenCall] = []
        self._asked: dict[str, str] = {}  # ours
        self.registered = False
        self._triggered: set[str] = set()  # while Pending, by TriggerMessage: OCPP 1.6 4.2

    def connected(self) -> None:
        """A new connection."""
        self._ids.clear()
        self.unanswered.clear()
        self._asked.clear()

    def restarted(self) -> None:
        """The charge point's program is a new one: it has to register again."""
        self.registered = False
        self._triggered.clear()

    def heard(self, text: str, now_s: float) -> list[str]:
        """One frame of the charge point."""
        items = json.loads(text)
        if not isinstance(items, list) or len(items) < 3 or not isinstance(items[1], str):
            return [f"no OCPP-J frame: {text}"]
        match items:
            case [2, str(), str(), dict()]:
                return list(self._call(OpenCall(items[1], items[2], items[3], now_s)))
            case [3, str(), dict()]:
                return list(self._result(items[1], items[2]))
            case [4, str(), str(), str(), dict()]:
                return list(self._error(items[1], items[2], items[3]))
            case _:
                return [f"no OCPP-J frame: {text}"]

    def asked(self, identity: str, action: str, payload: dict[str, Any]) -> None:
        """We send a CALL."""
        self._asked[identity] = action
        if action == "TriggerMessage" and not self.registered:
            self._triggered.add(payload.get("requestedMessage", ""))

    def answered(self, call: OpenCall, payload: dict[str, Any] | None) -> None:
        """We answer; None: by a CALLERROR."""
        self.unanswered.remove(call)
        if call.action == "BootNotification" and payload is not None:
            self.registered = payload.get("status") == "Accepted"
            if payload.get("status") == "Rejected":
                self._triggered.clear()

    def _call(self, call: OpenCall) -> Iterator[str]:
        last = self.unanswered[-1] if self.unanswered else None
        if last is not None and call.at_s - last.at_s < self._time_outs.of(last.action) - 1e-6:
            yield f"{call.action} while {last.action} is in flight"
        if call.id in self._ids or not 0 < len(call.id) <= ID_LIMIT:
            yield f"{call.action}: the id {call.id!r} was used before, is empty or is too long"
        if not self.registered and call.action not in ("BootNotification", *self._triggered):
            yield f"{call.action} before BootNotification was accepted"
        yield from schema_faults(call.action, call.payload)
        self._ids.add(call.id)
        self.unanswered.append(call)

    def _result(self, identity: str, payload: dict[str, Any]) -> Iterator[str]:
        action = self._asked.pop(identity, None)
        if action is None:
            yield f"an answer to {identity!r}, which nobody asked or which is answered already"
        else:
            yield from schema_faults(f"{action}Response", payload)

    def _error(self, identity: str, code: str, description: str) -> Iterator[str]:
        if self._asked.pop(identity, None) is None:
            yield f"a CALLERROR to {identity!r}, which nobody asked or which is answered already"
        if code not in get_args(ErrorCode) or len(description) > 255:
            yield f"CALLERROR {code}: not a code of OCPP-J, or its description is too long"


@cache
def _validator(name: str) -> Draft4Validator | None:
    path = files("ocpp") / "v16" / "schemas" / f"{name}.json"
    if not path.is_file():
        return None
    return Draft4Validator(json.loads(path.read_text(encoding="utf-8-sig"), parse_float=Fraction))


def schema_faults(name: str, payload: dict[str, Any]) -> list[str]:
    """Of `Action` or `ActionResponse`."""
    validator = _validator(name)
    if validator is None:
        return [f"{name} is no message of OCPP 1.6"]
    exact = json.loads(json.dumps(payload), parse_float=Fraction)
    return [f"{name} breaks its schema: {fault.message}" for fault in validator.iter_errors(exact)]
