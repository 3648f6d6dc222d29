"""PURE: OCPP-J 1.6 frames. Text to frame and back, what is wrong with one, which call an answer belongs to.

FrameError
  Unreadable     nothing can be answered: log it, the link stays
  OcppError      an error of OCPP-J 1.6 4.2.3
    Violation    the same, with the id of the CALL that is to be answered with it
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Generic, Literal, NoReturn, TypeVar, assert_never

from bridge.central_system.schemas import Fault, Payload, known_actions, request_fault, response_fault

DESCRIPTION_LIMIT = 255  # characters: OCPP-J 1.6 4.2.3
MOST_DIGITS = 300  # of an integer that is read as it stands: a double holds any of them
BEYOND = 10.0**300  # stands for a number that no number type of ours holds: it is out of every bound
ANSWER_BEGINS = 1024  # bytes in which type and id of an answer stand
LATE_CALLS_KEPT = 256  # two time-outs in a row end a connection, so far fewer are ever met

CALL, CALLRESULT, CALLERROR = 2, 3, 4  # OCPP-J 1.6 4.1.3

ErrorCode = Literal[
    "NotImplemented",
    "NotSupported",
    "InternalError",
    "ProtocolError",
    "SecurityError",
    "FormationViolation",
    "PropertyConstraintViolation",
    "OccurenceConstraintViolation",
    "TypeConstraintViolation",
    "GenericError",
]

# OCPP-J 1.6 4.1.1: no CALL is sent before the last one is answered.
TOO_MANY: tuple[ErrorCode, str] = ("GenericError", "too many CALLs wait for their answers: send it again")


class FrameError(Exception):
    """Base of the errors of a frame."""


class Unreadable(FrameError):  # noqa: N818 - says what the frame is
    """A frame that cannot or need not be answered; `str()` gives the reason for the log."""


class OcppError(FrameError):
    """An error that is answered with a CALLERROR of this `code` and `description`."""

    def __init__(self, code: ErrorCode, description: str = "") -> None:
        super().__init__(f"{code}: {description}")
        self.code: ErrorCode = code
        self.description = description


class Violation(OcppError):  # noqa: N818 - OCPP's own word
    """A CALL that is wrong; answer it with a CALLERROR under `id`."""

    def __init__(self, id: str, code: ErrorCode, description: str) -> None:  # noqa: A002 - OCPP's own word
        super().__init__(code, description)
        self.id = id


@dataclass(frozen=True, slots=True)
class Call:
    """A request of either side (CALL, OCPP-J 4.2.1)."""

    id: str
    action: str
    payload: Payload


@dataclass(frozen=True, slots=True)
class CallResult:
    """The answer to the CALL of the same id. `fault`: what is wrong with the frame around the payload."""

    id: str
    payload: Payload
    fault: str = ""


@dataclass(frozen=True, slots=True)
class CallError:
    """The refusal of the CALL of the same id. `code` as received: others invent codes of their own; one that
    cannot be read is a GenericError. `fault`: what is wrong with the frame."""

    id: str
    code: str
    description: str = ""
    details: Payload = field(default_factory=dict)
    fault: str = ""


Frame = Call | CallResult | CallError


def parse(message: str | bytes) -> Frame:
    """Reads the frame in a WebSocket message; `bytes` is a binary one, which OCPP-J does not know.

    The payload is not looked into: see `border`. Of repeated keys the last counts. What begins as an answer
    and names its CALL is one, whatever follows: nobody waits for it any longer.
    Raises Unreadable, or Violation for a CALL whose id can be read and the rest cannot; nothing else.
    """
    try:
        items = _items(message)
    except Unreadable as reason:
        return _broken_answer(message, reason)
    kind, identity = items[0], items[1]
    # Some languages write the number 3 as 3.0: of an answer that is read, a CALL is held to the rule.
    if not (kind in (CALLRESULT, CALLERROR) or (type(kind) is int and kind == CALL)):
        raise Unreadable(f"message type {_short(kind)}: 2, 3 or 4 is allowed")
    if not isinstance(identity, str):
        raise Unreadable(f"message id {_short(identity)}: must be a string")
    if kind == CALL:
        return _call(identity, items)
    return _result(identity, items) if kind == CALLRESULT else _error(identity, items)


def is_request(message: str | bytes) -> bool:
    """Says whether it begins as a CALL does, without reading it: `[2`, with any blanks."""
    text = message[:64] if isinstance(message, str) else message[:64].decode("ascii", errors="replace")
    return text.lstrip().removeprefix("[").lstrip().startswith(str(CALL))


def encode(frame: Frame) -> str:
    """Writes compact ASCII JSON, a description cut to 255 characters. Raises ValueError for NaN, Infinity."""
    match frame:
        case Call(identity, action, payload):
            items: list[object] = [CALL, identity, action, payload]
        case CallResult(identity, payload):
            items = [CALLRESULT, identity, payload]
        case CallError(identity, code, description, details):
            items = [CALLERROR, identity, code, description[:DESCRIPTION_LIMIT], details]
        case _:
            assert_never(frame)
    # Lone surrogates are harmless as \\u escapes; in UTF-8 they could not be sent.
    return json.dumps(items, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def refusal(identity: str, error: OcppError) -> CallError:
    """Makes the CALLERROR that reports `error` to the sender of the CALL `identity`."""
    return CallError(identity, error.code, error.description[:DESCRIPTION_LIMIT])


def crowded(message: str | bytes) -> str:
    """Answers a CALL that comes while too many wait to be answered. Empty: it is none, or has no id."""
    try:
        frame = parse(message)
    except Violation as wrong:
        return encode(refusal(wrong.id, wrong))
    except Unreadable:
        return ""
    if not isinstance(frame, Call):
        return ""
    return encode(CallError(frame.id, *TOO_MANY))


def check_request(action: str, payload: Payload, supported: Collection[str] | None = None) -> None:
    """Checks a request by its schema; `supported`: those carried out here (None: every known action).

    Raises OcppError: NotImplemented for an unknown action, NotSupported for a known one that is not carried
    out, else the most severe fault of the payload. Date-times and URIs are only known to be strings.
    """
    if action not in known_actions():
        raise OcppError("NotImplemented", f"{_short(action)} is no action of OCPP 1.6")
    if supported is not None and action not in supported:
        raise OcppError("NotSupported", f"{action} is not supported")
    _raise(request_fault(action, payload))


def check_response(action: str, payload: Payload) -> None:
    """Checks the answer to our own `action`. Raises OcppError with its most severe fault."""
    _raise(response_fault(action, payload))


def _raise(fault: Fault | None) -> None:
    if fault is not None:
        raise OcppError(fault.code, fault.text[:DESCRIPTION_LIMIT])


def _items(message: str | bytes) -> list[object]:
    """Returns the array, of two items at least. Raises Unreadable."""
    if isinstance(message, bytes):
        raise Unreadable(f"a binary message of {len(message)} bytes: OCPP-J is text")
    try:
        items = json.loads(message, parse_constant=_refuse_constant, parse_float=_finite, parse_int=_integer)
    except RecursionError:
        raise Unreadable("nested too deeply") from None
    except ValueError as error:
        raise Unreadable(f"not JSON: {error}: {_short(message)}") from None
    if not isinstance(items, list) or len(items) < 2:
        raise Unreadable(f"not an array with a message type and an id: {_short(message)}")
    return items


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")


def _finite(text: str) -> float:
    number = float(text)
    return number if math.isfinite(number) else math.copysign(BEYOND, number)


def _integer(text: str) -> int | float:
    """Reads an integer; Python itself refuses to read thousands of digits."""
    if len(text) <= MOST_DIGITS:
        return int(text)
    return -int(BEYOND) if text.startswith("-") else int(BEYOND)


def _call(identity: str, items: list[object]) -> Call:
    if len(items) != 4:
        raise Violation(identity, "FormationViolation", f"a CALL has 4 elements, this one {len(items)}")
    action, payload = items[2], items[3]
    if not isinstance(action, str):
        raise Violation(identity, "FormationViolation", f"the action {_short(action)} must be a string")
    if not isinstance(payload, dict):
        raise Violation(identity, "FormationViolation", f"the payload {_short(payload)} must be an object")
    return Call(identity, action, payload)


# The type and the id of an answer, behind a byte order mark or none; our ids need no escapes.
_ANSWER = re.compile(r'[\s\ufeff]*\[\s*([34])(?:\.0+)?\s*,\s*"([^"\\]{0,255})"\s*(?:[,\]]|$)')


def _broken_answer(message: str | bytes, reason: Unreadable) -> CallResult | CallError:
    """Raises `reason` for anything but an answer. One in a binary message is no frame, but nobody waits."""
    text = message if isinstance(message, str) else message[:ANSWER_BEGINS].decode("utf-8", errors="replace")
    begins = _ANSWER.match(text)
    if begins is None:
        raise reason
    if int(begins[1]) == CALLRESULT:
        return CallResult(begins[2], {}, str(reason))
    return CallError(begins[2], "GenericError", fault=str(reason))


def _result(identity: str, items: list[object]) -> CallResult:
    payload = items[2] if len(items) > 2 else None
    if len(items) == 3 and isinstance(payload, dict):
        return CallResult(identity, payload)
    return CallResult(identity, payload if isinstance(payload, dict) else {}, "must be [3, id, object]")


def _error(identity: str, items: list[object]) -> CallError:
    """Reads a refusal, which is what counts: description and details may be missing or odd."""
    if len(items) < 3 or not isinstance(items[2], str):
        return CallError(identity, "GenericError", fault="must be [4, id, code, description, details]")
    description = items[3] if len(items) > 3 and isinstance(items[3], str) else ""
    details = items[4] if len(items) > 4 and isinstance(items[4], dict) else {}
    return CallError(identity, items[2], description, details)


def without_secret(message: str | bytes) -> str:
    """Hides a key that is written, in a message for the log."""
    if isinstance(message, bytes):
        return f"{len(message)} binary bytes"
    return "(a message about AuthorizationKey)" if "authorizationkey" in message.lower() else message


def _short(thing: object) -> str:
    """Cuts a text for a log line: never long, whatever was received."""
    if isinstance(thing, str):
        thing = without_secret(thing)
        return repr(thing[:60]) + ("..." if len(thing) > 60 else "")
    return type(thing).__name__ if isinstance(thing, list | dict) else repr(thing)[:60]


Context = TypeVar("Context")


@dataclass(frozen=True, slots=True)
class OpenCall(Generic[Context]):
    """A CALL of ours on the present connection; `context` is what the sender wants back with the answer."""

    id: str
    action: str
    context: Context
    sent_s: float
    deadline_s: float


class Correlation(Generic[Context]):
    """Our CALLs on one connection: one in flight (OCPP-J 1.6 4.1.1), and those timed out that may answer yet.

    Times are CLOCK_MONOTONIC. Make a new one for each connection.
    """

    def __init__(self) -> None:
        self._in_flight: OpenCall[Context] | None = None
        self._late: dict[str, OpenCall[Context]] = {}

    @property
    def in_flight(self) -> OpenCall[Context] | None:
        """Returns the one CALL that blocks all others; None when the next may be sent."""
        return self._in_flight

    def opened(self, id: str, action: str, context: Context, now_s: float, timeout_s: float) -> None:  # noqa: A002
        """Notes a CALL that was sent. Raises ValueError while one is in flight, or for an id used before."""
        if self._in_flight is not None:
            raise ValueError(f"{action}: {self._in_flight.action} is still in flight")
        if id in self._late:
            raise ValueError(f"{action}: the id {id} was used before on this connection")
        self._in_flight = OpenCall(id, action, context, now_s, now_s + timeout_s)

    def answered(self, id: str) -> OpenCall[Context] | None:  # noqa: A002
        """Returns the CALL an answer belongs to, in time or late; None if unknown or answered before."""
        call = self._in_flight
        if call is not None and call.id == id:
            self._in_flight = None
            return call
        return self._late.pop(id, None)

    def expired(self, now_s: float) -> OpenCall[Context] | None:
        """Returns the CALL in flight, once, when its time is over. A late answer is still mapped to it."""
        call = self._in_flight
        if call is None or now_s < call.deadline_s:
            return None
        self._in_flight = None
        self._late[call.id] = call
        while len(self._late) > LATE_CALLS_KEPT:
            del self._late[next(iter(self._late))]
        return call
