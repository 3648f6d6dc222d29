"""PURE: the requests of the Central System and our answers, at once or later."""

from __future__ import annotations

from bridge.central_system import border
from bridge.central_system.calls import Calls
from bridge.central_system.effects import Environment, Gathered
from bridge.central_system.frames import (
    DESCRIPTION_LIMIT,
    TOO_MANY,
    Call,
    CallError,
    CallResult,
    OcppError,
    Unreadable,
    Violation,
    encode,
    parse,
    refusal,
)
from bridge.central_system.operations import SUPPORTED, Later, Question, answer
from bridge.central_system.schemas import Payload
from bridge.core.charge_point import ChargePoint
from bridge.core.now import Now

MOST_OPEN = 20  # OCPP-J 1.6 4.1.1: one CALL at a time is allowed; who sends more fills no memory of ours


class Requests:
    """Answers the requests of one connection after another. It needs `calls`, since an operation may trigger
    a CALL of ours."""

    def __init__(
        self, charge_point: ChargePoint, environment: Environment, calls: Calls, gathered: Gathered
    ) -> None:
        self._charge_point = charge_point
        self._environment = environment
        self._calls = calls
        self._gathered = gathered
        self._open: dict[str, Later] = {}  # of this connection, not answered yet

    def cut_off(self) -> None:
        """Forgets the unanswered CALLs, because the connection has ended."""
        self._open.clear()

    def asked(self, call: Call, now: Now) -> None:
        """Carries out one CALL of the Central System, and answers it if its answer is there."""
        if not self._calls.registration.answers:
            self._gathered.notes.append(
                f"not answered, since the Central System has rejected us: {call.action}"
            )
            return
        if call.id in self._open:
            self._gathered.notes.append(f"answered once, because it came twice under one id: {call.action}")
            return
        if len(self._open) >= MOST_OPEN:
            self.answer(CallError(call.id, *TOO_MANY))
            return
        try:
            payload = self._carry_out(call, now)
        except OcppError as error:
            self.answer(refusal(call.id, error))
        else:
            if payload is not None:
                self.answer(CallResult(call.id, payload))

    def _carry_out(self, call: Call, now: Now) -> Payload | None:
        asked = border.request(call.action, call.payload, SUPPORTED, self._environment.retry_interval_least_s)
        self._gathered.notes += asked.notes
        pending = self._calls.registration.standing == "pending"
        given = answer(call.action, Question(asked.payload, self._charge_point, pending, now))
        if isinstance(given, Later):
            self._open[call.id] = given
            return None
        if given.triggered is not None:
            self._calls.put_own(given.triggered, now)
        if given.note:
            self._gathered.notes.append(given.note)
        return given.payload

    def answer_open(self, now: Now) -> None:
        """Answers those requests whose answer took time and is there now."""
        for call_id, later in tuple(self._open.items()):
            if (payload := later.payload(now)) is not None:
                del self._open[call_id]
                self.answer(CallResult(call_id, payload))

    def failed(self, message: str | bytes, why: str) -> None:
        """Answers InternalError to a message that raised; all that came of it was put back."""
        try:
            frame = parse(message)
        except (Unreadable, Violation):
            return
        if isinstance(frame, Call):
            self.answer(CallError(frame.id, "InternalError", why[:DESCRIPTION_LIMIT]))

    def let_go(self, why: str) -> None:
        """Answers InternalError to requests whose answer takes time: they may be what raises."""
        for call_id in self._open:
            self.answer(CallError(call_id, "InternalError", why[:DESCRIPTION_LIMIT]))
        self._open.clear()

    def answer(self, frame: CallResult | CallError) -> None:
        """Answers a request, or what only looked like one."""
        if isinstance(frame, CallError):
            self._gathered.notes.append(f"answered with {frame.code}: {frame.description}")
        self._gathered.frames.append(encode(frame))
