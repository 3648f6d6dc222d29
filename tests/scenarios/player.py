"""Plays a scenario strictly: a frame that is not listed, missing, out of order or unsound fails it.

The steps between two doings (a wait, an event, a CALL of ours) are what the first of them leads to: a frame
is matched, and answered, in the moment it arrives. Excepted: Heartbeat that is not listed next, MeterValues
that are declared quiet.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any, NoReturn, assert_never

from tests.scenarios.answers import UnknownTag, UsualAnswers
from tests.scenarios.judge import Judge, OpenCall, TimeOuts, schema_faults
from tests.scenarios.matching import differences
from tests.scenarios.script import (
    ID,
    Answered,
    Asked,
    Call,
    Closes,
    Do,
    Error,
    Expect,
    Heard,
    LateReply,
    Payload,
    Raw,
    Reply,
    Result,
    Scenario,
    Silence,
    Step,
    Wait,
)
from tests.scenarios.world import Arrival, Closed, Connected, Restarted, Said, World

BEGINNING_S = 30.0  # for the frames before the first step, in a world that takes real time


class ScenarioFailed(AssertionError):  # noqa: N818 - what it is
    """`file:line: what happened`, and the last frames."""


def play(scenario: Scenario, world: World, time_outs: TimeOuts = TimeOuts()) -> None:  # noqa: B008 - frozen
    """From a registered, idle charge point (or before its first connection) to the last line."""
    player = _Player(scenario, world, time_outs)
    if not scenario.offline:
        player.begin()
    player.play()


@dataclass(slots=True)
class _Player:
    scenario: Scenario
    world: World
    time_outs: TimeOuts
    judge: Judge = field(init=False)
    usual: UsualAnswers = field(init=False)
    position: int = -1
    matched: set[int] = field(default_factory=set)
    transcript: list[str] = field(default_factory=list)
    beginning: bool = False
    ready: set[int] = field(default_factory=set)  # connectors that told their status at the beginning
    last_id: str = ""  # of our last CALL
    last_heard: OpenCall | None = None  # the charge point's last CALL
    ids: Iterator[int] = field(default_factory=lambda: count(1))

    def __post_init__(self) -> None:
        self.judge = Judge(self.time_outs)
        self.usual = UsualAnswers(self.scenario.tags)

    def begin(self) -> None:
        """Registration and the first two statuses are no part of a scenario unless it begins offline."""
        self.beginning = True
        end_s = self.world.now_s + BEGINNING_S
        while self.ready != {0, 1}:
            arrival = self.world.next_arrival(end_s - self.world.now_s)
            if arrival is None:
                self.fail("the charge point did not register and tell its statuses")
            self.feed(arrival)
        self.beginning = False

    def play(self) -> None:
        for index, step in enumerate(self.scenario.steps):
            if not isinstance(step, Asked | Answered | Closes | Expect):
                self.drain()
            self.position = index
            self.perform(step)
        self.position = len(self.scenario.steps)
        self.let_pass(self.world.settle_s)

    def fail(self, why: str) -> NoReturn:
        steps = self.scenario.steps
        line = steps[self.position].line if 0 <= self.position < len(steps) else "end"
        last = "\n  ".join(self.transcript[-12:])
        raise ScenarioFailed(f"{self.scenario.name}:{line}: {why}\nThe last frames:\n  {last}")

    # Steps

    def perform(self, step: Step) -> None:
        match step:
            case Asked() | Answered() | Closes():
                self.await_match(step)
            case Wait(for_s=for_s):
                self.let_pass(for_s)
            case Expect():
                self.expect(step)
            case Do(verb=verb, argument=argument):
                try:
                    self.world.do(verb, argument)
                except ValueError as error:
                    self.fail(f"{verb}: {error}")
            case Call():
                self.call(step)
            case Raw(text=text):
                self.raw(text)
            case LateReply():
                self.reply_late(step)
            case never:
                assert_never(never)

    def drain(self) -> None:
        while (arrival := self.world.next_arrival(0.0)) is not None:
            self.feed(arrival)

    def let_pass(self, for_s: float) -> None:
        end_s = self.world.now_s + for_s
        while (arrival := self.world.next_arrival(max(0.0, end_s - self.world.now_s))) is not None:
            self.feed(arrival)

    def await_match(self, step: Heard) -> None:
        end_s = self.world.now_s + self.world.soon_s
        while self.position not in self.matched:
            arrival = self.world.next_arrival(max(0.0, end_s - self.world.now_s))
            if arrival is None:
                self.fail(f"missing: nothing more came within {self.world.soon_s:g} s, but {_words(step)}")
            self.feed(arrival)

    def expect(self, step: Expect) -> None:
        name, _, value = step.value.rpartition(" = ") if step.what == "key" else ("", "", step.value)
        if not self.world.expects_at_once:
            end_s = self.world.now_s + self.world.soon_s
            while self.world.seen(step.what, name) != value and self.world.now_s < end_s:
                self.let_pass(0.05)
        else:
            self.drain()
        if (seen := self.world.seen(step.what, name)) != value:
            self.fail(f"{' '.join((step.what, name)).strip()} is {seen}, must be {value}")

    # What the Central System says

    def call(self, step: Call) -> None:
        faults = schema_faults(step.action, step.payload)
        if faults and not self.expects_error():
            self.fail(f"the scenario's own {faults[0]}")
        self.last_id = f"cs-{next(self.ids)}"
        self.judge.asked(self.last_id, step.action, step.payload)
        self.say([2, self.last_id, step.action, step.payload])

    def expects_error(self) -> bool:
        following = self.next_heard()
        step = self.scenario.steps[following] if following is not None else None
        return isinstance(step, Answered) and isinstance(step.reply, Error)

    def raw(self, text: str) -> None:
        if ID in text:
            text = self.to_last_heard(text)
        try:
            items = json.loads(text)
        except ValueError:
            items = None
        if isinstance(items, list) and len(items) > 1 and items[0] == 2 and isinstance(items[1], str):
            self.last_id = items[1]
            self.judge.asked(self.last_id, str(items[2]) if len(items) > 2 else "", {})
        self.transcript.append(f"> {text}")
        self.world.send(text)

    def to_last_heard(self, text: str) -> str:
        """Whatever begins as an answer to a CALL answers it: the next may follow (OCPP-J 1.6 4.1.1)."""
        call = self.last_heard
        if call is None:
            self.fail(f"{ID}: the charge point has sent no CALL")
        answers = re.match(rf'\s*\[\s*[34]\s*,\s*"{re.escape(ID)}"', text) is not None
        text = text.replace(ID, call.id)
        if answers and call in self.judge.unanswered:
            self.judge.answered(call, _sound_payload(call, text))
        return text

    def say(self, items: list[Any]) -> None:
        text = json.dumps(items)
        self.transcript.append(f"> {text}")
        self.world.send(text)

    def reply_late(self, step: LateReply) -> None:
        for call in reversed(self.judge.unanswered):
            if call.action == step.action:
                self.answer(call, step.reply)
                return
        self.fail(f"no {step.action} is unanswered")

    # What the charge point says

    def feed(self, arrival: Arrival) -> None:
        match arrival:
            case Connected():
                self.judge.connected()
                self.transcript.append("  (connected)")
            case Restarted():
                self.judge.restarted()
                self.transcript.append("  (restarted)")
            case Closed():
                self.transcript.append("< closes the link")
                self.match_with("the charge point closed the link", Closes)
            case Said(text=text):
                self.take_frame(text)
            case never:
                assert_never(never)

    def take_frame(self, text: str) -> None:
        self.transcript.append(f"< {text}")
        if faults := self.judge.heard(text, self.world.now_s):
            self.fail("; ".join(faults))
        kind, identity, *rest = json.loads(text)
        if kind == 2:
            self.take_call(self.judge.unanswered[-1])
        else:
            answered = Result(rest[0]) if kind == 3 else Error(rest[0])
            self.take_answer(identity, answered, text)

    def take_answer(self, identity: str, answered: Result | Error, text: str) -> None:
        step = self.match_with(f"not listed: {text}", Answered)
        assert isinstance(step, Answered)
        if identity != self.last_id:
            self.fail(f"the answer is to {identity}, not to the last CALL")
        match step.reply, answered:
            case Result(payload=wanted), Result(payload=given):
                self.compare(wanted, given)
            case Error(code=code), Error(code=given_code) if code == given_code:
                pass
            case _:
                self.fail(f"must be {step.reply}, but came {text}")

    def take_call(self, call: OpenCall) -> None:
        self.last_heard = call
        if self.beginning:
            self.answer(call, self.default_reply(call))
            if call.action == "StatusNotification":
                self.ready.add(call.payload["connectorId"])
            return
        following = self.next_heard()
        awaited = self.scenario.steps[following] if following is not None else None
        listed = isinstance(awaited, Asked) and awaited.action == call.action
        quiet = self.scenario.quiet_meter_values and call.action == "MeterValues"
        if quiet or (call.action == "Heartbeat" and not listed):
            self.answer(call, self.default_reply(call))
            return
        step = self.match_with(f"not listed: {call.action} {json.dumps(call.payload)}", Asked)
        assert isinstance(step, Asked)
        if step.action != call.action:
            self.fail_at(step, f"not listed: {call.action} {json.dumps(call.payload)}; must be {step.action}")
        self.compare(step.fields, call.payload, step)
        self.answer(call, step.reply or self.default_reply(call))

    def next_heard(self) -> int | None:
        """The next step that may be matched now: none beyond the next doing."""
        for index in range(max(self.position, 0), len(self.scenario.steps)):
            step = self.scenario.steps[index]
            if isinstance(step, Asked | Answered | Closes):
                if index not in self.matched:
                    return index
            elif not isinstance(step, Expect) and index > self.position:
                return None
        return None

    def match_with(self, otherwise: str, kind: type[Heard]) -> Heard:
        index = None if self.beginning else self.next_heard()
        if index is None:
            self.fail(otherwise)
        step = self.scenario.steps[index]
        if not isinstance(step, kind):
            self.fail_at(step, f"out of order: {_words(step)}, but {otherwise}")
        self.matched.add(index)
        return step

    def fail_at(self, step: Step, why: str) -> NoReturn:
        self.position = self.scenario.steps.index(step)
        self.fail(why)

    def compare(self, wanted: Payload, given: Payload, step: Step | None = None) -> None:
        found = list(differences(wanted, given))
        if found and step is not None:
            self.fail_at(step, "; ".join(found))
        if found:
            self.fail("; ".join(found))

    # Answers

    def answer(self, call: OpenCall, reply: Reply) -> None:
        match reply:
            case Silence():
                self.transcript.append("> (silence)")
            case Error(code=code):
                self.judge.answered(call, None)
                self.say([4, call.id, code, "as the scenario wants it", {}])
            case Result(payload=payload, sound=sound, loose=loose):
                faults = schema_faults(f"{call.action}Response", payload)
                if faults and sound:
                    self.fail(f"the scenario's own {faults[0]}")
                if not (faults or sound):
                    self.fail(f"this {call.action}Response is called unsound, but breaks nothing")
                self.judge.answered(call, payload if sound or loose else None)
                self.say([3, call.id, payload])
            case never:
                assert_never(never)

    def default_reply(self, call: OpenCall) -> Reply:
        try:
            return Result(self.usual.to(call, self.world.utc()))
        except UnknownTag as unknown:
            self.fail(str(unknown))


def _sound_payload(call: OpenCall, text: str) -> Payload | None:
    """Of a whole CALLRESULT that keeps its schema."""
    try:
        items = json.loads(text)
    except ValueError:
        return None
    match items:
        case [3, _, dict() as payload] if not schema_faults(f"{call.action}Response", payload):
            return payload
    return None


def _words(step: Step) -> str:
    match step:
        case Asked(action=action, fields=fields):
            return f"{action} {json.dumps(fields)} is listed"
        case Answered(reply=reply):
            return f"an answer {reply} is listed"
        case _:
            return "`closes the link` is listed"
