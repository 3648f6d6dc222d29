"""PURE: the bridge as one program: one event in, effects out, in the order in which they were decided.

The shell (`app.py`) moves bytes, clock and signals; whatever is decided, is decided here:

- *write, then say*: nothing leaves that rests on a change which is not durable (`recorder.py`);
- *wishes*: what is asked of `hal.safety` is renewed each second, and ends by itself when we do not, or when
  the core has taken no step;
- *what raises* is logged, answered InternalError if it was a CALL, and put back whole (`guard.py`); what
  time, and not an event, has led to is tried again after a rest;
- *the end*: no transaction ends; a mark says that all was in order; the last wish outlives us by a minute.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal

from bridge.central_system.conversation import Conversation
from bridge.central_system.effects import Effects, Outcome, Reconnect
from bridge.central_system.events import Closed, Opened, Received, Refused
from bridge.core.box_view import Level
from bridge.core.calendar import Calendar
from bridge.core.charge_point import ChargePoint
from bridge.core.charging_profile import moment
from bridge.core.errand import Ended
from bridge.core.id_tag import fault_of_tag
from bridge.core.maintenance.trial import Trial
from bridge.core.now import Now
from bridge.core.rows import Remembered
from bridge.core.setup import ORDERLY
from bridge.core.wish import WishContent
from bridge.effects import Answer, AskRestart, Effect, HardReset, Leave, Log, Report, Say, SetLink, Write
from bridge.events import End, Event, NotStored, OfDisk, RestartRefused, StillWriting, Stored, Tick
from bridge.guard import Guard, Part
from bridge.local.keys import listed
from bridge.local.orders import (
    ClearFaults,
    ClearProfiles,
    Installed,
    ListKeys,
    ListProfiles,
    LookAtState,
    Looked,
    OfferAgain,
    Ordered,
    Reply,
    SendDataTransfer,
    SetOwnerLimit,
    StartCharging,
    StopCharging,
)
from bridge.local.state.drawing import LinkLook, drawn
from bridge.local.state.state import State
from bridge.recorder import Recorder
from hal.contract import (
    WISH_LIFE_RESTART_S,
    WISH_LIFE_S,
    Box,
    Card,
    HouseReading,
    Message,
    Reading,
    Status,
    Temperatures,
    Wish,
)

WISH_EVERY_S = 1.0
MOST_ROUNDS = 1000  # of decisions after one event: more would never end
OF_TIME: tuple[Part, ...] = ("time", "call")  # what no event asks for
RAISED_MOST = 3  # times one after another: then the core is rebuilt from the store


@dataclass(frozen=True)
class Parts:
    """What decides, new from the store."""

    charge_point: ChargePoint
    conversation: Conversation
    calendar: Calendar


class Actor:
    """`feed` an event, then `drain` until nothing comes. Neither waits, and `now` never goes back."""

    def __init__(self, make: Callable[[Now], Parts], hard_reset: HardReset, now: Now) -> None:
        """Starts from the store, which `make` reads. `hard_reset`: what one is, by the owner's settings."""
        self._make = make
        self._hard_reset: HardReset = hard_reset
        self.parts = make(now)
        self._recorder = Recorder()
        self._out: list[Effect] = []
        self._guard = Guard(self._out)
        self._wish_seq = 0
        self._wished: tuple[WishContent, float] | None = None
        self._link: SetLink | None = None
        self._state_reported = ""
        self._restart_asked = False
        self._begun = False  # with the first event, which takes back the mark of an orderly end
        self._followed = False  # what is derived from the state since the last event
        self._ending: Literal["settling", "marking", "left"] | None = None
        self._stepped_s = now.s  # when the core has last taken a step
        self._levels: dict[type[Message], Level] = {}  # for a core that is made anew
        self._trial = Trial()  # likewise

    @property
    def raised(self) -> int:
        """Counts how often something of ours raised, in all."""
        return self._guard.raised

    # In

    def feed(self, event: Event, now: Now) -> None:
        """Decides what one event leads to; `drain` hands it out."""
        self._begun = True
        match event:
            case Stored():
                self._say_all(self._recorder.stored())
            case NotStored(why=why):
                self._recorder.refused(why, now.s)
            case StillWriting():
                self._recorder.late()
            case Closed():
                self._recorder.link_closed()
            case End() if self._ending is None:
                self._ending = "settling"
                self._wish_that_outlives_us(now)  # the disk may take its time
            case Status() | Reading() | HouseReading() | Temperatures() | Box():
                self._levels[type(event)] = event
            case Trial():
                self._trial = event
            case _:
                pass
        if self._ending is None:
            self._followed = False
            self._carry_through(event, now)

    def _carry_through(self, event: Event, now: Now) -> None:
        """Carries the event through, without the part that raises: all is put back, and begun again."""
        left_out = self._guard.resting(now.s)
        if isinstance(event, OfDisk):
            left_out.add("time")  # it only lets go on what waits
        decide = partial(self._decide, event, left_out, now)
        while (error := self._guard.raised_by(decide, *self._state())) is not None:
            again = self._guard.part in left_out  # so it cannot be left out
            self._report_raised(error, event, now)
            left_out.add(self._guard.part)
            if again:
                return
        for part in OF_TIME:
            if part not in left_out:
                self._guard.went_well(part)

    def _decide(self, event: Event, left_out: set[Part], now: Now) -> None:
        """Decides on the event itself, then on time, once after each; then on the CALLs that may leave."""
        if "event" not in left_out:
            self._guard.part = "event"
            self._carry_out(event, now)
        if "time" not in left_out:
            self._guard.part = "time"
            now = self.parts.calendar.again(now)
            self.parts.conversation.step(now)
            self._stepped_s = now.s
        self._guard.part = "call"
        self._collect(now, calls="call" not in left_out)

    def _carry_out(self, event: Event, now: Now) -> None:
        """Carries out what came from outside, but time."""
        core, conversation = self.parts.charge_point, self.parts.conversation
        match event:
            case Opened(password=password):
                conversation.link_opened(now, password)
            case Refused(password=password):
                conversation.link_refused(password, now)
            case Closed():
                conversation.link_closed(now)
            case Received(message=message):
                conversation.received(message, now)
            case Status() | Reading() | HouseReading() | Temperatures() | Box() | Card():
                core.heard(event, now)
            case Trial():
                core.follow_trial(event)
            case Ended():
                core.errand_ended(event, now)
            case RestartRefused():
                core.restart_failed(now)
                self._restart_asked = False
            case Ordered(ticket=ticket, order=order):
                self._obey(ticket, order, now)
            case _:
                pass  # a tick, an answer of the disk; messages of the socket that are for others

    def _obey(self, ticket: int, order: object, now: Now) -> None:
        match order:
            case SendDataTransfer():
                self.parts.conversation.transfer(order.request, ticket, now)
            case OfferAgain(row_id=row_id):
                self.parts.conversation.offer_again(row_id, ticket)
            case ClearFaults(faults=faults):
                self.parts.charge_point.clearing.ask(faults, now)
                self._out.append(Answer(ticket, Reply("Accepted")))
            case ClearProfiles(profile_ids=profile_ids):
                self.parts.conversation.clear_profiles(profile_ids, ticket)
            case ListProfiles():
                core = self.parts.charge_point
                circumstances = core.profiles.circumstances(core.state, core.box, now)
                installed = Installed(core.profiles.every, circumstances, moment(now.utc), core.caps_a(now))
                self._out.append(Answer(ticket, installed))
            case LookAtState():
                self._out.append(Answer(ticket, Looked(self.look(now))))
            case StartCharging(id_tag=id_tag):
                self._answer_at_once(ticket, self._start(id_tag, now))
            case StopCharging():
                self._answer_at_once(ticket, self.parts.charge_point.connector.owner_stops(now))
            case SetOwnerLimit(limit_a=limit_a):
                self._limit(limit_a, ticket)
            case ListKeys():
                self._out.append(Answer(ticket, listed(self.parts.charge_point)))
            case _:
                pass  # the desk answers those itself

    def _start(self, id_tag: str, now: Now) -> str:
        """Returns why nothing starts; empty: the idTag is asked about, or may charge."""
        if wrong := fault_of_tag(id_tag):
            return wrong
        return self.parts.charge_point.connector.owner_starts(id_tag, now)

    def _limit(self, limit_a: float | None, ticket: int) -> None:
        """Sets the owner's limit, which must outlast a restart: not while nothing can be stored."""
        if self.parts.charge_point.service.recorded:
            self.parts.conversation.limit(limit_a, ticket)
        else:
            self._answer_at_once(ticket, "the disk cannot be written, and a limit must outlast a restart")

    def _answer_at_once(self, ticket: int, why_not: str) -> None:
        """Answers what happens now, and rests on no disk."""
        self._out.append(Answer(ticket, Reply("Rejected", why=why_not) if why_not else Reply("Accepted")))

    def look(self, now: Now) -> State:
        """Returns what is so; it changes nothing."""
        link = self.parts.conversation.link
        seen = LinkLook(link.connected, link.standing, link.since_s, link.heard_s)
        return drawn(self.parts.charge_point, seen, now)

    def _collect(self, now: Now, *, calls: bool) -> None:
        """Collects every decision, until there is none."""
        self._log_record()
        conversation = self.parts.conversation
        for _ in range(MOST_ROUNDS):
            if calls:
                conversation.send_next(now)
            effects = conversation.drain(now)
            if not effects:
                return
            self._recorder.feed(effects)
            self._log_record()
        raise RuntimeError(f"decisions without end: {MOST_ROUNDS} after one event")

    # What raises

    def _state(self) -> tuple[object, ...]:
        """Returns all that an event changes."""
        parts = self.parts
        return parts.conversation, parts.charge_point, parts.calendar, self._recorder

    def _derive(self, part: Part, work: Callable[[], None], now: Now) -> None:
        """Derives what changes nothing but what is sent. If it raises it rests, and the others go on."""
        if part in self._guard.resting(now.s):
            return
        self._guard.part = part
        if (error := self._guard.raised_by(work)) is not None:
            self._report_raised(error, Tick(), now)
        else:
            self._guard.went_well(part)

    def _report_raised(self, error: Exception, event: Event, now: Now) -> None:
        """Drops the event; another part is tried again after a rest, thrice; then from the store."""
        why = f"{type(error).__name__}: {error}"
        lines = "".join(traceback.format_exception(error)).splitlines()
        self._out += [Log("error", line) for line in lines]
        if self._guard.part == "event":
            self._out.append(Log("critical", f"an error of ours: {type(event).__name__} is dropped: {why}"))
            self._refuse(event, why)
            return
        part, rest = self._guard.part, self._guard.rest(now.s)
        self._out.append(Log("critical", f"an error of ours ({part}), again in {rest.for_s:g} s: {why}"))
        if part in OF_TIME:
            self.parts.conversation.let_open_requests_go(why)
        if rest.times >= RAISED_MOST and self._recorder.settled:
            self._begin_anew(now)

    def _refuse(self, event: Event, why: str) -> None:
        match event:
            case Received(message=message):
                self.parts.conversation.failed(message, why)
            case Ordered(ticket=ticket):
                self._out.append(Answer(ticket, Reply(why=f"an error of ours: {why}")))
            case Opened():
                self._out.append(Say(Effects(reconnect=Reconnect(f"an error of ours: {why}"))))
            case Closed():
                self.parts.conversation.cut_off()
            case _:
                pass

    def _begin_anew(self, now: Now) -> None:
        """Starts again like the program, from what is durable, and from what the box said last."""
        self.parts = self._make(now)
        self._restart_asked = False
        self._out.append(Log("critical", "the core is rebuilt from the store"))
        self._out.append(Say(Effects(reconnect=Reconnect("rebuilt after an error of ours"))))
        self.parts.charge_point.follow_trial(self._trial)
        for level in self._levels.values():
            self._guard.raised_by(
                partial(self.parts.charge_point.heard, level, now)
            )  # else with its next message

    # Decided, made durable, said

    def _report_record(self, now: Now) -> None:
        self._recorder.report()
        self._out += [Log("critical", note) for note in self._recorder.notes]
        self._recorder.notes.clear()
        self._derive("record", self._log_record, now)

    def _log_record(self) -> None:
        recorder = self._recorder
        self.parts.charge_point.record_kept(
            recorded=recorder.recorded, settled=recorder.settled, start_unrecorded=recorder.start_unrecorded
        )

    def _say_all(self, effects: list[Effects]) -> None:
        for each in effects:
            self._out += [Log("info", note) for note in each.notes]
            self._out += [Answer(done.ticket, reply_of(done)) for done in each.outcomes]
            if each.frames or each.errands or each.reconnect:
                self._out.append(Say(each))

    # Out

    def drain(self, now: Now) -> tuple[Effect, ...]:
        """Returns what to do next, in this order. Empty: nothing before the next event."""
        said, changes = self._recorder.drain(now.s)
        self._say_all(said)
        self._report_record(now)
        if changes:
            self._out.append(Write(changes))
        elif self._ending is not None:
            self._go_on_ending(now)
        elif not self._followed and not self._recorder.waits:
            self._followed = True
            self._follow(now)
        out = tuple(self._out)
        self._out.clear()
        return out

    def _follow(self, now: Now) -> None:
        """Derives all of the new state; before the first event only how the link is to be kept."""
        self._derive("link", lambda: self._set_link(now), now)
        if self._begun:
            self._derive("wish", lambda: self._renew_wish(now), now)
            self._derive("state", self._report_state, now)

    def _set_link(self, now: Now) -> None:
        core = self.parts.charge_point
        ping_interval_s = float(core.configuration.whole("WebSocketPingInterval"))
        link = SetLink(ping_interval_s, core.passwords.in_force(now))
        if link != self._link:
            self._link = link
            self._out.append(link)

    def _report_state(self) -> None:
        core = self.parts.charge_point
        state, restart = type(core.state).__name__, core.restart
        if state != self._state_reported:
            self._out += [Log("info", f"state {self._state_reported or '(start)'} -> {state}"), Report(state)]
            self._state_reported = state
        if restart is not None and not self._recorder.at_work and not self._restart_asked:
            self._restart_asked = True
            reboots = restart == "hard" and self._hard_reset == "reboot"
            self._out.append(AskRestart("reboot" if reboots else restart))

    # Wishes

    def _renew_wish(self, now: Now) -> None:
        """Renews each second and on change. The wish ends 15 s after the core's last step."""
        content = self.parts.charge_point.wish(now)
        if self._wished is not None:
            last, sent_s = self._wished
            if content == last and now.s - sent_s < WISH_EVERY_S:
                return
        self._wish(content, self._stepped_s + WISH_LIFE_S, now)

    def _wish_that_outlives_us(self, now: Now) -> None:
        """Makes a wish that the next bridge renews. If it cannot be made the one before ends by itself."""
        until_s = now.s + WISH_LIFE_RESTART_S
        self._derive("wish", lambda: self._wish(self.parts.charge_point.wish(now), until_s, now), now)

    def _wish(self, content: WishContent, valid_until_s: float, now: Now) -> None:
        self._wish_seq += 1
        self._wished = (content, now.s)
        self._out.append(
            Wish(
                limit_a=content.limit_a,
                cable=content.cable,
                lamp=content.lamp,
                clear_faults=content.clear_faults,
                valid_until_s=valid_until_s,
                seq=self._wish_seq,
            )
        )

    # The end

    def _go_on_ending(self, now: Now) -> None:
        """Waits for what the disk has; sets the mark only when all of it is durable."""
        if self._recorder.at_work:
            return
        if self._ending == "settling" and self._recorder.settled:
            self._ending = "marking"
            mark = Remembered(ORDERLY, self.parts.charge_point.provisioning.boot_id)
            self._recorder.feed(Effects((mark,)))
            _, changes = self._recorder.drain(now.s)
            self._out.append(Write(changes))
            return
        if self._ending != "left":
            self._ending = "left"
            self._wish_that_outlives_us(now)
            self._out.append(Leave())


def reply_of(done: Outcome) -> Reply:
    """Makes the owner's reply from what came of an order."""
    answer = done.payload
    if answer is None:
        return Reply(why=done.why)
    return Reply(status=answer["status"], data=answer.get("data"), why=done.why)
