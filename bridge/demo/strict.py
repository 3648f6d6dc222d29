"""PURE: the rules by which the embedded Central System judges every frame, of the charge point and its own.

OCPP-J 1.6: 4.1.1 one CALL in flight, 4.1.4 unique ids, 4.2.3 error codes; OCPP 1.6: 4.2 nothing before
BootNotification was accepted, and the JSON schema of every message. Dates are looked at too, unlike in
`frames.py`, which is lenient with others.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import get_args

from bridge.central_system.frames import (
    Call,
    CallError,
    CallResult,
    Correlation,
    ErrorCode,
    Frame,
    FrameError,
    OcppError,
    check_request,
    check_response,
    parse,
)

ID_LIMIT = 36  # characters: OCPP-J 1.6 4.1.4
CHARGE_POINT_SAYS = frozenset(  # OCPP 1.6 chapter 4 and its security extension
    "Authorize BootNotification DataTransfer DiagnosticsStatusNotification FirmwareStatusNotification "
    "Heartbeat LogStatusNotification MeterValues SecurityEventNotification SignCertificate "
    "SignedFirmwareStatusNotification StartTransaction StatusNotification StopTransaction".split()
)
_DATE_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")  # RFC 3339
_DATE_KEYS = frozenset(
    "timestamp currentTime expiryDate startSchedule validFrom validTo scheduleStart retrieveDate".split()
)


class StrictRules:
    """The rules for one connection: takes every frame and returns the violations, in words."""

    def __init__(self, call_timeout_s: float) -> None:
        """Lets the charge point send its next CALL after `call_timeout_s` without an answer."""
        self._call_timeout_s = call_timeout_s
        self._ids: set[str] = set()
        self._theirs: tuple[Call, float] | None = None  # the charge point's CALL in flight, and since when
        self._unanswered: dict[str, Call] = {}  # all of its CALLs that may be answered yet
        self.ours = Correlation[None]()

    def received(
        self, message: str | bytes, now_s: float, *, registered: bool
    ) -> tuple[Frame | None, list[str]]:
        """Judges a message of the charge point. None for the frame when it cannot be read."""
        try:
            frame = parse(message)
        except FrameError as error:
            return None, [f"unreadable: {error}"]
        match frame:
            case Call():
                return frame, [*self._call(frame, now_s), *self._order(frame, registered=registered)]
            case _:
                return frame, list(self._answer(frame, message))

    def sent(self, frame: Frame, now_s: float, timeout_s: float = 0.0) -> list[str]:
        """Judges our own; a Central System that breaks the rules proves nothing."""
        match frame:
            case Call(identity, action, payload):
                self.ours.opened(identity, action, None, now_s, timeout_s)
                return [f"our own {fault}" for fault in _request_faults(action, payload)]
            case _:
                return [f"our own {fault}" for fault in self._own_answer(frame)]

    def _own_answer(self, frame: CallResult | CallError) -> Iterator[str]:
        call = self._unanswered.pop(frame.id, None)
        if self._theirs is not None and self._theirs[0].id == frame.id:
            self._theirs = None
        if call is None:
            yield f"answer to {frame.id!r}, which was not asked"
        elif isinstance(frame, CallResult):
            yield from _response_faults(call.action, frame)

    def _call(self, call: Call, now_s: float) -> Iterator[str]:
        if not 0 < len(call.id) <= ID_LIMIT:
            yield f"{call.action}: an id of {len(call.id)} characters: 1 to {ID_LIMIT} are allowed"
        if call.id in self._ids:
            yield f"{call.action}: the id {call.id} was used before on this connection"
        if self._theirs is not None and now_s - self._theirs[1] < self._call_timeout_s:
            yield f"{call.action} while {self._theirs[0].action} is in flight"
        self._ids.add(call.id)
        self._theirs = call, now_s
        self._unanswered[call.id] = call

    def _order(self, call: Call, *, registered: bool) -> Iterator[str]:
        if call.action not in CHARGE_POINT_SAYS:
            yield f"{call.action} is not for a charge point to send"
        if not registered and call.action != "BootNotification":
            yield f"{call.action} before BootNotification was accepted"
        yield from _request_faults(call.action, call.payload)

    def _answer(self, frame: CallResult | CallError, message: str | bytes) -> Iterator[str]:
        call = self.ours.answered(frame.id)
        if call is None:
            yield f"an answer to {frame.id!r}, which was not asked"
        elif frame.fault:
            yield f"{call.action}: an answer that is no frame of OCPP-J: {frame.fault}"
        elif isinstance(frame, CallResult):
            yield from _response_faults(call.action, frame)
        elif frame.code not in get_args(ErrorCode):
            yield f"{call.action}: CALLERROR with the code {frame.code!r}, which OCPP-J does not know"
        if isinstance(frame, CallError) and not frame.fault and len(json.loads(message)) != 5:
            yield f"a CALLERROR has 5 elements: {message!r}"


def is_sound(call: Call) -> bool:
    """Says whether a request can be answered in earnest."""
    return call.action in CHARGE_POINT_SAYS and not list(_request_faults(call.action, call.payload))


def _request_faults(action: str, payload: dict[str, object]) -> Iterator[str]:
    try:
        check_request(action, payload)
    except OcppError as error:
        yield f"{action}.req: {error}"
    yield from (f"{action}.req: {fault}" for fault in _date_faults(payload))


def _response_faults(action: str, result: CallResult) -> Iterator[str]:
    try:
        check_response(action, result.payload)
    except OcppError as error:
        yield f"{action}.conf: {error}"
    yield from (f"{action}.conf: {fault}" for fault in _date_faults(result.payload))


def _date_faults(node: object) -> Iterator[str]:
    if isinstance(node, list):
        for item in node:
            yield from _date_faults(item)
    elif isinstance(node, dict):
        for key, value in node.items():
            if key in _DATE_KEYS and isinstance(value, str) and not _DATE_TIME.fullmatch(value):
                yield f"{key} {value!r} is no date and time"
            yield from _date_faults(value)
