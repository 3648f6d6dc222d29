"""PURE: the conversation of OCPP 1.6J without a socket: events in by method, results out by `drain`.

What we are asked is the job of `requests`, what we ask that of `calls`. The owner calls `step` once after
every event, then `send_next` and `drain` until nothing comes: first the changes are made durable, then the
frames are sent.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import assert_never

from bridge.central_system.calls import Calls
from bridge.central_system.effects import Effects, Environment, Outcome, Reconnect
from bridge.central_system.frames import Call, CallError, CallResult, Unreadable, Violation, parse, refusal
from bridge.central_system.outbox import Rows
from bridge.central_system.registration import Registration, Standing
from bridge.central_system.requests import Requests
from bridge.central_system.schemas import Payload
from bridge.core.charge_point import ChargePoint
from bridge.core.limits.installed_profiles import Criteria
from bridge.core.now import Now
from bridge.core.password import Password


@dataclass(frozen=True, slots=True)
class LinkSeen:
    """The connection as the owner may see it; moments in seconds of Now.s."""

    connected: bool
    standing: Standing
    since_s: float | None  # connected, or not any more; None: never since the start
    heard_s: float | None  # the last message of the Central System came then


class Conversation:
    """Holds the conversation with one Central System, over any number of connections."""

    def __init__(
        self, charge_point: ChargePoint, rows: Rows, environment: Environment, registration: Registration
    ) -> None:
        self.registration = registration
        self._charge_point = charge_point
        self._calendar = environment.calendar
        self._calls = Calls(charge_point, rows, environment, registration)
        self._gathered = self._calls.gathered
        self._requests = Requests(charge_point, environment, self._calls, self._gathered)
        self._leaving = False  # the present connection is to be ended: nothing more is sent
        self._password: Password | None = None  # that opened the present connection

    @property
    def standing(self) -> str:
        """Says how it stands with the Central System: `accepted`, `reached`, or words why it is not."""
        if not self._calls.connected:
            return "not connected"
        return "accepted" if self.registration.accepted else "reached"

    @property
    def link(self) -> LinkSeen:
        """Returns how it stands with the connection."""
        calls = self._calls
        return LinkSeen(calls.connected, self.registration.standing, calls.since_s, calls.liveness.heard_s)

    # From the link

    def link_opened(self, now: Now, password: Password | None = None) -> None:
        """Begins on a new connection. Registered before: the current statuses, no BootNotification."""
        self._leaving = False
        self._password = password
        self._charge_point.passwords.opened(password)
        self._calls.link_opened(now)
        if self.registration.accepted:
            self._charge_point.link_registered(now)

    def link_closed(self, now: Now) -> None:
        """Drops lane 1, which who waits for an Authorize.conf learns; the row in flight is sent again."""
        dropped = self._calls.link_closed(now)
        self.cut_off()
        self._charge_point.link_lost()
        self._calls.dropped(dropped, now)

    def cut_off(self) -> None:
        """Ends the connection: nothing is sent, or answered, on it any more."""
        self._calls.cut_off()
        self._requests.cut_off()
        self._gathered.frames.clear()

    def link_refused(self, password: Password | None, now: Now) -> None:
        """Follows a 401: the Central System wants another password."""
        self._charge_point.passwords.refused(password, now)

    def received(self, message: str | bytes, now: Now) -> None:
        """Follows one message of the Central System, whatever it holds; the link stays."""
        self._calls.liveness.heard(now)
        try:
            frame = parse(message)
        except Unreadable as reason:
            self._gathered.notes.append(f"dropped a message: {reason}")
            return
        except Violation as violation:
            self._requests.answer(refusal(violation.id, violation))
            return
        match frame:
            case Call():
                self._requests.asked(frame, now)
            case CallResult() | CallError():
                self._calls.answered(frame, now)
            case never:
                assert_never(never)

    def failed(self, message: str | bytes, why: str) -> None:
        """Answers InternalError to a message that raised; all that came of it was put back."""
        self._requests.failed(message, why)

    def let_open_requests_go(self, why: str) -> None:
        """Answers InternalError to requests whose answer takes time: they may be what raises."""
        self._requests.let_go(why)

    # From the owner

    def transfer(self, request: Payload, ticket: int, now: Now) -> None:
        """Sends a DataTransfer (OCPP 1.6 4.3). It is never kept for later."""
        self._calls.transfer(request, ticket, now)

    def offer_again(self, row_id: int, ticket: int) -> None:
        """Tries a dead-lettered row once more; the owner is answered when that is recorded."""
        if not self._refused_in_trial(ticket):
            self._calls.offer_again(row_id, ticket)

    def clear_profiles(self, profile_ids: Iterable[int], ticket: int) -> None:
        """Removes these charging profiles; the owner is answered when that is recorded."""
        if self._refused_in_trial(ticket):
            return
        cleared = [self._charge_point.profiles.clear(Criteria(each)) for each in profile_ids]
        status = "Accepted" if any(cleared) else "Rejected"
        self._gathered.outcomes.append(Outcome(ticket, {"status": status}))

    def limit(self, limit_a: float | None, ticket: int) -> None:
        """Sets the owner's limit; the owner is answered when that is recorded."""
        if self._refused_in_trial(ticket):
            return
        try:
            self._charge_point.owner_limits(limit_a)
        except ValueError as error:
            self._gathered.outcomes.append(Outcome(ticket, {"status": "Rejected"}, str(error)))
        else:
            self._gathered.outcomes.append(Outcome(ticket, {"status": "Accepted"}))

    def _refused_in_trial(self, ticket: int) -> bool:
        """Refuses, while a version is on trial, what the owner would believe to be done for good."""
        if trial := self._charge_point.service.trial:
            self._gathered.outcomes.append(Outcome(ticket, None, f"{trial}: ask again when that is over"))
        return bool(trial)

    # Time

    def step(self, now: Now) -> None:
        """Follows what time brings about: once after every event, and at least each half second."""
        self._calls.time_out(now)
        self._charge_point.step(now)
        self._calls.offer(now)
        self._requests.answer_open(now)
        if not self._calls.connected:
            return
        wrong = self._password != self._charge_point.passwords.in_force(now)
        if wrong and not self._calls.in_flight and not self._leaving:
            self._gathered.reconnect = Reconnect("closed, to connect with another password")
        self._calls.ask_own(now)

    # Out

    def send_next(self, now: Now) -> None:
        """Opens the next CALL, if it may be opened now."""
        self._gather(now)
        gathered = self._gathered
        # What is not durable yet must not be read back from the rows: send nothing of lane 2 before.
        if not gathered.changes and gathered.reconnect is None and not self._leaving:
            self._calls.send_next(now)

    def _gather(self, now: Now) -> None:
        decided = self._charge_point.drain()
        changes, notes = self._calendar.drain()
        self._gathered.changes += (*changes, *decided.changes)
        self._gathered.notes += (*decided.notes, *notes)
        self._gathered.errands += decided.errands
        for call in decided.calls:
            self._calls.put(call, now)

    def drain(self, now: Now) -> Effects:
        """Hands out what was decided since the last time."""
        self._gather(now)
        self._leaving = self._leaving or self._gathered.reconnect is not None
        return self._gathered.drain()
