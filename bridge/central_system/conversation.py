"""PURE: the conversation of OCPP 1.6J without a socket. Stimuli in by method, results out by `drain`.

Two lanes, one CALL in flight (OCPP-J 1.6 4.1.1). Lane 1 is for calls that are worthless later: it goes first
and is dropped with the link. Lane 2 is for transaction rows: strictly in order, until delivered.
The owner calls `step` once after every event, then `send_next` and `drain` until nothing comes: first the
changes are made durable, then the frames are sent.
"""

from __future__ import annotations

from typing import assert_never

from bridge.central_system import border
from bridge.central_system.border import Refusal
from bridge.central_system.effects import NOT_CONNECTED, Effects, Outcome, Reconnect, Voice
from bridge.central_system.frames import (
    DESCRIPTION_LIMIT,
    Call,
    CallError,
    CallResult,
    Correlation,
    OcppError,
    OpenCall,
    Unreadable,
    Violation,
    encode,
    parse,
    refusal,
)
from bridge.central_system.lane import Lane
from bridge.central_system.liveness import Liveness
from bridge.central_system.operations import SUPPORTED, Later, Own, Question, answer
from bridge.central_system.outbox import Outbox, Rows, Send
from bridge.central_system.registration import Registration
from bridge.central_system.schemas import Payload
from bridge.core.calls import Outgoing
from bridge.core.charge_point import ChargePoint
from bridge.core.id_tag import id_tag_info
from bridge.core.maintenance.errand import Errand
from bridge.core.now import Now
from bridge.core.password import Password
from bridge.core.rows import Change, Delivered, MessageRef, StartConfirmed


class Conversation:
    """One Central System, over as many connections as it takes."""

    def __init__(
        self, charge_point: ChargePoint, rows: Rows, voice: Voice, registration: Registration
    ) -> None:
        self.registration = registration
        self._charge_point = charge_point
        self._voice = voice
        self._outbox = Outbox(rows, charge_point.configuration, charge_point.provisioning.behaviour)
        self._lane = Lane()
        self._calls: Correlation[Outgoing | Send] | None = None  # None: no connection
        self._changes: list[Change] = []
        self._frames: list[str] = []
        self._notes: list[str] = []
        self._errands: list[Errand] = []
        self._reconnect: Reconnect | None = None
        self._leaving = False  # the present connection is to be ended: nothing more is sent
        self._outcomes: list[Outcome] = []
        self._open: dict[str, Later] = {}  # requests of this connection that are not answered yet
        self._password: Password | None = None  # that opened the present connection
        self._liveness = Liveness(charge_point.configuration)

    # From the link

    def link_opened(self, now: Now, password: Password | None = None) -> None:
        """A new connection. Registered before: no BootNotification, the current statuses instead."""
        self._calls = Correlation()
        self._leaving = False
        self._password = password
        self._charge_point.passwords.opened(password)
        self._liveness.connected(now)
        self._outbox.connected()
        self.registration.connected()
        if self.registration.accepted:
            self._charge_point.link_registered()

    def link_closed(self, now: Now) -> None:
        """Lane 1 is dropped; who waits for an Authorize.conf is told; the row in flight is sent again."""
        in_flight = self._calls.in_flight if self._calls is not None else None
        dropped: list[Outgoing | Send] = [*self._lane.drop()]
        if in_flight is not None:
            dropped.append(in_flight.context)
            if isinstance(in_flight.context, Send):
                self._changes += self._outbox.closed(in_flight.context.ref, in_flight.sent_s, now)
        self.cut_off()
        self._charge_point.link_lost()
        for call in dropped:
            if isinstance(call, Outgoing) and call.action == "Authorize":
                self._charge_point.authorize_answered(call.ticket, None, now)
            elif isinstance(call, Outgoing) and call.action == "DataTransfer":
                self._outcomes.append(Outcome(call.ticket, None, "the link to it was lost"))

    def cut_off(self) -> None:
        """There is no connection: nothing is sent, or answered, on it any more."""
        self._calls = None
        self._frames.clear()
        self._open.clear()

    def transfer(self, request: Payload, ticket: int, now: Now) -> None:
        """OCPP 1.6 4.3: the owner sends a DataTransfer. It is never kept for later."""
        if self.registration.accepted and self._calls is not None:
            self._lane.put(Outgoing("DataTransfer", request, ticket), now.s)
        else:
            self._outcomes.append(Outcome(ticket, None, NOT_CONNECTED))

    def offer_again(self, row_id: int, ticket: int) -> None:
        """The owner wants a row that was given up to be tried once more; told when that is recorded."""
        offered = self._outbox.offer(row_id)
        self._changes += offered
        self._outcomes.append(Outcome(ticket, {"status": "Accepted" if offered else "Rejected"}))

    def link_refused(self, password: Password | None, now: Now) -> None:
        """The Central System wants another password (401)."""
        self._charge_point.passwords.refused(password, now)

    def received(self, message: str | bytes, now: Now) -> None:
        """One message of the Central System, whatever it holds; the link stays."""
        self._liveness.heard(now)
        try:
            frame = parse(message)
        except Unreadable as reason:
            self._notes.append(f"dropped a message: {reason}")
            return
        except Violation as violation:
            self._answer(refusal(violation.id, violation))
            return
        match frame:
            case Call():
                self._asked(frame, now)
            case CallResult() | CallError():
                self._answered(frame, now)
            case never:
                assert_never(never)

    # Time

    def step(self, now: Now) -> None:
        """What time brings about: once after every event, and at least each half second."""
        if self._calls is not None and (expired := self._calls.expired(now.s)) is not None:
            self._unanswered(expired, now)
        self._charge_point.step(now)
        self._changes += self._outbox.offers(now)
        self._answer_open()
        if self._calls is None:
            return
        wrong = self._password != self._charge_point.passwords.in_force(now)
        if wrong and self._calls.in_flight is None and not self._leaving:
            self._reconnect = Reconnect("to be opened with another password")
        if self.registration.due(now):
            self.registration.asked(now)
            self._put_own("BootNotification", now)
        elif self.registration.accepted and self._liveness.heartbeat_due(now):
            self._put_own("Heartbeat", now)

    def _put_own(self, action: Own, now: Now) -> None:
        if not self._lane.has(action):
            payload = self._voice.boot_notification if action == "BootNotification" else {}
            self._lane.put(Outgoing(action, payload), now.s)

    def _unanswered(self, call: OpenCall[Outgoing | Send], now: Now) -> None:
        self._notes.append(f"{call.action} was not answered in {call.deadline_s - call.sent_s:g} s")
        match call.context:
            case Send(ref=ref):
                self._outbox.unanswered(ref, call.sent_s, now)
                if self.registration.accepted and self._lane.empty:
                    self._put_own("Heartbeat", now)  # tells a message that is swallowed from a dead link
            case Outgoing(action="Authorize", ticket=ticket):
                self._charge_point.authorize_answered(ticket, None, now)
            case Outgoing(action="DataTransfer", ticket=ticket):
                self._outcomes.append(Outcome(ticket, None, self._notes[-1]))
            case Outgoing():
                self._charge_point.maintenance.untold(call.context)
            case never:
                assert_never(never)
        self._reconnect = self._liveness.timed_out() or self._reconnect

    # The Central System asks

    def _asked(self, call: Call, now: Now) -> None:
        if not self.registration.answers:
            self._notes.append(f"{call.action} is not answered: the Central System has rejected us")
            return
        if call.id in self._open:
            self._notes.append(f"{call.action} came twice under one id: it is answered once")
            return
        try:
            payload = self._carry_out(call, now)
        except OcppError as error:
            self._answer(refusal(call.id, error))
        else:
            if payload is not None:
                self._answer(CallResult(call.id, payload))

    def _carry_out(self, call: Call, now: Now) -> Payload | None:
        asked = border.request(call.action, call.payload, SUPPORTED, self._voice.retry_interval_least_s)
        self._notes += asked.notes
        pending = self.registration.standing == "pending"
        given = answer(call.action, Question(asked.payload, self._charge_point, pending, now))
        if isinstance(given, Later):
            self._open[call.id] = given
            return None
        if given.triggered is not None:
            self._put_own(given.triggered, now)
        if given.note:
            self._notes.append(given.note)
        return given.payload

    def _answer_open(self) -> None:
        """Those requests whose answer took time and is there now."""
        for identity, later in tuple(self._open.items()):
            if (payload := later.payload()) is not None:
                del self._open[identity]
                self._answer(CallResult(identity, payload))

    def failed(self, message: str | bytes, why: str) -> None:
        """Our own fault: a message could not be carried out, and all that came of it was put back."""
        try:
            frame = parse(message)
        except (Unreadable, Violation):
            return
        if isinstance(frame, Call):
            self._answer(CallError(frame.id, "InternalError", why[:DESCRIPTION_LIMIT]))

    def let_open_requests_go(self, why: str) -> None:
        """Our own fault: requests whose answer takes time may be what raises, so they are answered now."""
        for identity in self._open:
            self._answer(CallError(identity, "InternalError", why[:DESCRIPTION_LIMIT]))
        self._open.clear()

    def _answer(self, frame: CallResult | CallError) -> None:
        if isinstance(frame, CallError):
            self._notes.append(f"answered with {frame.code}: {frame.description}")
        self._frames.append(encode(frame))

    # The Central System answers

    def _answered(self, frame: CallResult | CallError, now: Now) -> None:
        call = self._calls.answered(frame.id) if self._calls is not None else None
        if call is None:
            self._notes.append(f"dropped an answer: nothing was asked under {frame.id[:60]!r}")
            return
        self._liveness.answered()
        reply = border.reply(call.action, frame)
        payload, refused = reply.payload, reply.refusal
        self._notes += reply.notes
        if refused is not None:
            self._notes.append(f"{call.action} was answered with {refused.why}")
        if payload is not None and "idTagInfo" in payload and "idTag" in call.context.payload:
            told = id_tag_info(payload["idTagInfo"])
            self._charge_point.id_tag_told(call.context.payload["idTag"], told, now)
        match call.context:
            case Send():
                if isinstance(frame, CallResult) and call.context.ref.kind != "start":
                    payload, refused = {}, None  # nothing of it is needed: it was taken
                self._row_answered(call.context, payload, refused, now)
            case Outgoing():
                self._changes += self._outbox.answered(call.sent_s, now)
                self._call_answered(call.context, payload, refused.why if refused is not None else "", now)
            case never:
                assert_never(never)

    def _row_answered(self, send: Send, payload: Payload | None, refused: Refusal | None, now: Now) -> None:
        if not self._outbox.is_open(send.ref):
            self._notes.append(f"dropped a late answer to {send.action}: it was delivered before")
        elif refused is not None or payload is None:
            self._changes += self._outbox.refused(send.ref, refused or Refusal("", passing=False), now)
        else:
            self._outbox.taken(send.ref)
            self._row_taken(send.ref, payload, now)

    def _row_taken(self, ref: MessageRef, payload: Payload, now: Now) -> None:
        if ref.kind == "start":
            info = id_tag_info(payload["idTagInfo"])
            transaction_id: int = payload["transactionId"]
            self._changes.append(StartConfirmed(ref.row_id, transaction_id, info.status, info.parent_id_tag))
            self._charge_point.start_confirmed(ref.row_id, transaction_id, info, now)
        else:
            self._changes.append(Delivered(ref))
            if ref.kind == "stop":
                self._charge_point.stop_delivered(ref.row_id)

    def _call_answered(self, call: Outgoing, payload: Payload | None, refused: str, now: Now) -> None:
        match call.action:
            case "Authorize":
                info = id_tag_info(payload["idTagInfo"]) if payload is not None else None
                self._charge_point.authorize_answered(call.ticket, info, now)
            case "BootNotification":
                if payload is not None:
                    self._boot_answered(payload, now)
            case "DataTransfer":
                self._outcomes.append(Outcome(call.ticket, payload, f"answered with {refused}"))
            case "DiagnosticsStatusNotification" | "FirmwareStatusNotification":
                self._charge_point.maintenance.told(call)
            case "Heartbeat" if payload is not None:
                self._voice.calendar.told(payload["currentTime"], now, accepted=self.registration.accepted)
            case "Heartbeat" | "MeterValues" | "StatusNotification":
                pass
            case never:
                assert_never(never)

    def _boot_answered(self, payload: Payload, now: Now) -> None:
        was_accepted = self.registration.accepted
        now = self._voice.calendar.told(payload["currentTime"], now, accepted=payload["status"] == "Accepted")
        interval_s: int = payload["interval"]
        self.registration.answered(payload["status"], interval_s, now)
        self._notes.append(f"BootNotification: {payload['status']}, interval {interval_s} s")
        if not self.registration.accepted:
            self._charge_point.link_lost()
            if (rest_s := self.registration.rest_s(now)) is not None:
                self._reconnect = Reconnect(f"rejected for {rest_s:.0f} s", rest_s)
            return
        if interval_s > 0:
            self._charge_point.change_key("HeartbeatInterval", str(interval_s))
        self._changes += self._outbox.accepted()
        if not was_accepted:
            self._charge_point.link_registered()

    # Out

    def send_next(self, now: Now) -> None:
        """Opens the next CALL, if it may be opened now."""
        self._gather(now)
        # What is not durable yet must not be read back from the rows: send nothing of lane 2 before.
        if not self._changes and self._reconnect is None and not self._leaving:
            self._send_next(now)

    def _gather(self, now: Now) -> None:
        decided = self._charge_point.take()
        changes, notes = self._voice.calendar.take()
        self._changes += (*changes, *decided.changes)
        self._notes += (*decided.notes, *notes)
        self._errands += decided.errands
        for call in decided.calls:
            self._lane.put(call, now.s)

    def drain(self, now: Now) -> Effects:
        """What was decided since the last time."""
        self._gather(now)
        self._leaving = self._leaving or self._reconnect is not None
        said = tuple(self._frames), self._reconnect, tuple(self._notes)
        effects = Effects(tuple(self._changes), *said, tuple(self._errands), tuple(self._outcomes))
        for collected in (self._changes, self._frames, self._notes, self._errands, self._outcomes):
            collected.clear()
        self._reconnect = None
        return effects

    def _send_next(self, now: Now) -> None:
        if self._calls is None or self._calls.in_flight is not None:
            return
        service = self._charge_point.service
        if self._send_of_lane(self._calls, now) or not self.registration.accepted or service.writing:
            return
        if not service.recorded or not self._send_row(self._calls, now):
            self._lane.hold_no_longer()
            self._send_of_lane(self._calls, now)

    def _send_of_lane(self, calls: Correlation[Outgoing | Send], now: Now) -> bool:
        call = self._lane.next(now.s)
        if call is not None:
            time_out_s = self._charge_point.configuration.seconds("MessageTimeout")
            self._send(calls, call, float(time_out_s), now)
        return call is not None

    def _send_row(self, calls: Correlation[Outgoing | Send], now: Now) -> bool:
        """False: there is nothing to send, or not yet."""
        following = self._outbox.next(self._charge_point.box.supply, now)
        if isinstance(following, Send):
            if following.ref.kind == "stop":
                self._lane.stop_sent(following.ref.row_id)
            self._send(calls, following, self._voice.transaction_time_out_s, now)
        elif following is not None:
            self._changes.append(following)
        return following is not None

    def _send(
        self, calls: Correlation[Outgoing | Send], call: Outgoing | Send, time_out_s: float, now: Now
    ) -> None:
        message_id = self._voice.new_id()
        calls.opened(message_id, call.action, call, now.s, time_out_s)
        self._liveness.called(now)
        self._frames.append(encode(Call(message_id, call.action, call.payload)))
