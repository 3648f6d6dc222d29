"""PURE: our CALLs to the Central System: two lanes, one CALL in flight, and what the answers lead to.

Lane 1 is for calls that are useless later: it goes first and is dropped with the link. Lane 2 is for
transaction rows: strictly in order, until delivered.
"""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from bridge.central_system import border
from bridge.central_system.border import Refusal
from bridge.central_system.effects import NOT_CONNECTED, Environment, Gathered, Outcome, Reconnect
from bridge.central_system.frames import Call, CallError, CallResult, Correlation, OpenCall, encode
from bridge.central_system.lane import Lane
from bridge.central_system.liveness import Liveness
from bridge.central_system.operations import Own
from bridge.central_system.outbox import Outbox, Rows, Send
from bridge.central_system.registration import Registration
from bridge.central_system.schemas import Payload
from bridge.core.charge_point import ChargePoint
from bridge.core.id_tag import id_tag_info
from bridge.core.now import Now
from bridge.core.outgoing import Outgoing
from bridge.core.rows import Delivered, StartConfirmed


class Calls:
    """Sends our CALLs, one in flight (OCPP-J 1.6 4.1.1). The owner drains `gathered`."""

    def __init__(
        self, charge_point: ChargePoint, rows: Rows, environment: Environment, registration: Registration
    ) -> None:
        self.registration = registration
        self.liveness = Liveness(charge_point.configuration)
        self.gathered = Gathered()
        self._charge_point = charge_point
        self._environment = environment
        self._outbox = Outbox(rows, charge_point.configuration, charge_point.provisioning.behaviour)
        self._lane = Lane()
        self._open: Correlation[Outgoing | Send] | None = None  # None: no connection
        self.since_s: float | None = None  # connected, or not any more; None: never since the start

    # The link

    @property
    def connected(self) -> bool:
        """Says whether there is a connection."""
        return self._open is not None

    @property
    def in_flight(self) -> bool:
        """Says whether a CALL is not answered yet."""
        return self._open is not None and self._open.in_flight is not None

    def link_opened(self, now: Now) -> None:
        """Starts again on a new connection."""
        self._open, self.since_s = Correlation(), now.s
        self.liveness.connected(now)
        self._outbox.connected()
        self.registration.connected()

    def link_closed(self, now: Now) -> list[Outgoing | Send]:
        """Returns what is dropped with it; the row in flight is sent again."""
        self.since_s = now.s
        in_flight = self._open.in_flight if self._open is not None else None
        dropped: list[Outgoing | Send] = [*self._lane.drop()]
        if in_flight is not None:
            dropped.append(in_flight.context)
            if isinstance(in_flight.context, Send):
                closed = self._outbox.closed(in_flight.context.ref, in_flight.sent_s, now)
                self.gathered.changes += closed
        return dropped

    def cut_off(self) -> None:
        """Ends the connection: nothing is sent on it any more."""
        self._open = None

    def dropped(self, calls: list[Outgoing | Send], now: Now) -> None:
        """Reports the loss to who waits for the answer of one."""
        for call in calls:
            if isinstance(call, Outgoing) and call.action == "Authorize":
                self._charge_point.authorize_answered(call.ticket, None, now)
            elif isinstance(call, Outgoing) and call.action == "DataTransfer":
                self.gathered.outcomes.append(Outcome(call.ticket, None, "the link to it was lost"))

    # What is to be asked

    def put(self, call: Outgoing, now: Now) -> None:
        """Puts a call of the core at the end of lane 1."""
        self._lane.put(call, now.s)

    def transfer(self, request: Payload, ticket: int, now: Now) -> None:
        """Puts a DataTransfer of the owner (OCPP 1.6 4.3) into lane 1. It is never kept for later."""
        if self.registration.accepted and self.connected:
            self._lane.put(Outgoing("DataTransfer", request, ticket), now.s)
        else:
            self.gathered.outcomes.append(Outcome(ticket, None, NOT_CONNECTED))

    def offer_again(self, row_id: int, ticket: int) -> None:
        """Tries a dead-lettered row once more; the owner is answered when that is recorded."""
        offered = self._outbox.offer(row_id)
        self.gathered.changes += offered
        self.gathered.outcomes.append(Outcome(ticket, {"status": "Accepted" if offered else "Rejected"}))

    def put_own(self, action: Own, now: Now) -> None:
        """Puts a BootNotification or Heartbeat into lane 1, unless one waits already."""
        if not self._lane.has(action):
            payload = self._environment.boot_notification if action == "BootNotification" else {}
            self._lane.put(Outgoing(action, payload), now.s)

    def ask_own(self, now: Now) -> None:
        """Asks for registration until we are accepted, then sends Heartbeats."""
        if self.registration.due(now):
            self.registration.asked(now)
            self.put_own("BootNotification", now)
        elif self.registration.accepted and self.liveness.heartbeat_due(now):
            self.put_own("Heartbeat", now)

    # Time

    def time_out(self, now: Now) -> None:
        """Ends a CALL that was not answered in its time."""
        if self._open is not None and (expired := self._open.expired(now.s)) is not None:
            self._unanswered(expired, now)

    def offer(self, now: Now) -> None:
        """Tries rows again that became dead letters for a reason that may pass."""
        self.gathered.changes += self._outbox.offers(now)

    def _unanswered(self, call: OpenCall[Outgoing | Send], now: Now) -> None:
        self.gathered.notes.append(f"{call.action} was not answered in {call.deadline_s - call.sent_s:g} s")
        match call.context:
            case Send(ref=ref):
                self._outbox.unanswered(ref, call.sent_s, now)
                if self.registration.accepted and self._lane.empty:
                    self.put_own("Heartbeat", now)  # tells a message that is swallowed from a dead link
            case Outgoing(action="Authorize", ticket=ticket):
                self._charge_point.authorize_answered(ticket, None, now)
            case Outgoing(action="DataTransfer", ticket=ticket):
                self.gathered.outcomes.append(Outcome(ticket, None, self.gathered.notes[-1]))
            case Outgoing():
                self._charge_point.maintenance.unanswered(call.context)
            case never:
                assert_never(never)
        self.gathered.reconnect = self.liveness.timed_out() or self.gathered.reconnect

    # The Central System answers

    def answered(self, frame: CallResult | CallError, now: Now) -> None:
        """Carries out what an answer of the Central System leads to."""
        call = self._open.answered(frame.id) if self._open is not None else None
        if call is None:
            self.gathered.notes.append(f"dropped an answer: nothing was asked under {frame.id[:60]!r}")
            return
        self.liveness.answered()
        reply = border.reply(call.action, frame)
        payload, refused = reply.payload, reply.refusal
        self.gathered.notes += reply.notes
        if refused is not None:
            self.gathered.notes.append(f"{call.action} was answered with {refused.why}")
        if payload is not None and "idTagInfo" in payload and "idTag" in call.context.payload:
            info = id_tag_info(payload["idTagInfo"])
            self._charge_point.id_tag_answered(call.context.payload["idTag"], info, now)
        match call.context:
            case Send():
                if isinstance(frame, CallResult) and call.context.ref.kind != "start":
                    payload, refused = {}, None  # nothing of it is needed: it was taken
                self._row_answered(call.context, payload, refused, now)
            case Outgoing():
                self.gathered.changes += self._outbox.answered(call.sent_s, now)
                self._call_answered(call.context, payload, refused.why if refused is not None else "", now)
            case never:
                assert_never(never)

    def _row_answered(self, send: Send, payload: Payload | None, refused: Refusal | None, now: Now) -> None:
        if not self._outbox.is_open(send.ref):
            self.gathered.notes.append(f"dropped a late answer to {send.action}: it was delivered before")
        elif refused is not None or payload is None:
            self.gathered.changes += self._outbox.refused(
                send.ref, refused or Refusal("", passing=False), now
            )
        else:
            self._outbox.delivered(send.ref)
            self._row_delivered(send, payload, now)

    def _row_delivered(self, send: Send, payload: Payload, now: Now) -> None:
        ref = send.ref
        if ref.kind == "start":
            info = id_tag_info(payload["idTagInfo"])
            if send.again and info.status == "ConcurrentTx":  # it is our own that it holds against us
                info = replace(info, status="Accepted")
            transaction_id: int = payload["transactionId"]
            self.gathered.changes.append(
                StartConfirmed(ref.row_id, transaction_id, info.status, info.parent_id_tag)
            )
            self._charge_point.start_confirmed(ref.row_id, transaction_id, info, now)
        else:
            self.gathered.changes.append(Delivered(ref))
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
                why = "" if payload is not None else f"answered with {refused}"
                self.gathered.outcomes.append(Outcome(call.ticket, payload, why))
            case "DiagnosticsStatusNotification" | "FirmwareStatusNotification":
                self._charge_point.maintenance.answered(call)
            case "Heartbeat" if payload is not None:
                self._environment.calendar.heard(
                    payload["currentTime"], now, accepted=self.registration.accepted
                )
            case "Heartbeat" | "MeterValues" | "StatusNotification":
                pass
            case never:
                assert_never(never)

    def _boot_answered(self, payload: Payload, now: Now) -> None:
        was_accepted = self.registration.accepted
        now = self._environment.calendar.heard(
            payload["currentTime"], now, accepted=payload["status"] == "Accepted"
        )
        interval_s: int = payload["interval"]
        self.registration.answered(payload["status"], interval_s, now)
        self.gathered.notes.append(f"BootNotification: {payload['status']}, interval {interval_s} s")
        if not self.registration.accepted:
            self._charge_point.link_lost()
            if (rest_s := self.registration.rest_s(now)) is not None:
                self.gathered.reconnect = Reconnect(f"rejected for {rest_s:.0f} s", rest_s)
            return
        if interval_s > 0:
            self._charge_point.change_key("HeartbeatInterval", str(interval_s))
        self.gathered.changes += self._outbox.accepted()
        if not was_accepted:
            self._charge_point.link_registered(now)

    # Out

    def send_next(self, now: Now) -> None:
        """Opens the next CALL, if none is in flight: of lane 1, else of the rows."""
        if self._open is None or self._open.in_flight is not None:
            return
        service = self._charge_point.service
        if self._send_of_lane(self._open, now) or not self.registration.accepted or service.writing:
            return
        held = service.on_trial or not service.recorded
        if held or not self._send_row(self._open, now):
            self._lane.hold_no_longer()
            self._send_of_lane(self._open, now)

    def _send_of_lane(self, calls: Correlation[Outgoing | Send], now: Now) -> bool:
        call = self._lane.next(now.s)
        if call is not None:
            time_out_s = self._charge_point.configuration.whole("MessageTimeout")
            self._send(calls, call, float(time_out_s), now)
        return call is not None

    def _send_row(self, calls: Correlation[Outgoing | Send], now: Now) -> bool:
        """Returns False when there is nothing to send, or not yet."""
        following = self._outbox.next(self._charge_point.box.supply, now)
        if isinstance(following, Send):
            if following.ref.kind == "stop":
                self._lane.stop_sent(following.ref.row_id)
            self._send(calls, following, self._environment.transaction_time_out_s, now)
        elif following is not None:
            self.gathered.changes.append(following)
        return following is not None

    def _send(
        self, calls: Correlation[Outgoing | Send], call: Outgoing | Send, time_out_s: float, now: Now
    ) -> None:
        message_id = self._environment.new_id()
        calls.opened(message_id, call.action, call, now.s, time_out_s)
        self.liveness.called(now)
        self.gathered.frames.append(encode(Call(message_id, call.action, call.payload)))
