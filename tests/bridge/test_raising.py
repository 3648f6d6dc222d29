"""An error of ours: it is put back whole, said, counted, and the bridge goes on."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest

from bridge.actor import RAISED_MOST
from bridge.core.maintenance.trial import Trial
from bridge.effects import Answer, Log
from bridge.events import End
from bridge.local.orders import ClearFaults, Ordered, Reply
from hal.contract import WISH_LIFE_S
from tests.bridge.carrier import plainly
from tests.bridge.core.messages import CHARGING, WAITING
from tests.bridge.raiser import Raiser
from tests.bridge.shell import Shell

SEED, SAMPLE = 1, 12


@pytest.fixture
def shell() -> Iterator[Shell]:
    made = Shell()
    yield made
    made.store.close()


def raising(shell: Shell, name: str, *, entry: int = 1, always: bool = False) -> Raiser:
    raiser = Raiser(name, entry, always=always)
    shell.around = raiser.around
    return raiser


def inside(of: object, seen: dict[int, object] | None = None) -> Any:
    """All that the actor's parts hold, in plain values; functions and the store are left out."""
    seen = {} if seen is None else seen
    if isinstance(of, dict):
        return {str(key): inside(value, seen) for key, value in of.items()}
    if isinstance(of, list | tuple | set | frozenset) or type(of).__name__ == "deque":
        return [inside(each, seen) for each in of]  # type: ignore[attr-defined]
    if not type(of).__module__.startswith(("bridge.core", "bridge.central_system", "bridge.recorder")):
        return None if callable(of) else repr(of) if type(of).__module__ == "builtins" else type(of).__name__
    if id(of) in seen:
        return type(of).__name__
    seen[id(of)] = of
    names = {
        *getattr(of, "__dict__", {}),
        *(n for k in type(of).__mro__ for n in getattr(k, "__slots__", ())),
    }
    return {name: inside(getattr(of, name, None), seen) for name in sorted(names)}


def begin(shell: Shell) -> None:
    """A session, until its car charges."""
    shell.card()
    shell.settle()
    if shell.actions()[-1] == "Authorize":
        shell.answer({"idTagInfo": {"status": "Accepted"}})
    shell.facts = WAITING
    shell.let_pass(3.0)
    shell.facts = CHARGING
    shell.let_pass(3.0)
    shell.settle()


def live(shell: Shell) -> None:
    """A session, and what a Central System asks in it; it answers whatever we call."""
    shell.answers_at_once, shell.tick_s = True, 1.0
    begin(shell)
    shell.ask("k", "ChangeConfiguration", key="MeterValueSampleInterval", value="2")
    shell.ask("g", "GetConfiguration")
    shell.ask("t", "TriggerMessage", requestedMessage="MeterValues")
    shell.ask("a", "ChangeAvailability", connectorId=1, type="Operative")
    shell.let_pass(5.0)
    shell.card()
    shell.facts = {**WAITING, "contactor_changed_at_s": shell.at_s}
    shell.let_pass(12.0)
    shell.facts = {}
    shell.let_pass(6.0)


def functions() -> list[tuple[str, int]]:
    """Those of the core that are entered, and how often."""
    shell = Shell()
    shell.register()
    raiser = raising(shell, "")
    live(shell)
    shell.store.close()
    return sorted(raiser.entered.items())


def test_whatever_raises_another_session_is_delivered(shell: Shell) -> None:
    """A sample by seed; `make raising` has all functions, with a car and its meter."""
    chance = random.Random(SEED)
    for name, entries in chance.sample(functions(), SAMPLE):
        made = Shell()
        made.register()
        raiser = raising(made, name, entry=chance.randint(1, entries))
        live(made)
        made.around = plainly
        made.let_pass(70.0)
        before = made.actions().count("StopTransaction")
        live(made)
        made.let_pass(20.0)
        assert (raiser.raised, made.actor.raised) == (1, 1), name
        assert made.actions().count("StopTransaction") > before, name
        assert made.store.backlog() == 0, name
        made.store.close()


def test_an_event_that_raises_leaves_no_trace_in_what_decides(shell: Shell) -> None:
    shell.register()
    before = inside(shell.actor.parts.charge_point)
    raiser = raising(shell, "connector.Connector._authorize")
    shell.card()
    assert raiser.raised == 1
    assert inside(shell.actor.parts.charge_point) == before
    assert shell.actor.raised == 1
    assert (
        "an error of ours: Card is dropped: BugError: raised in connector.Connector._authorize"
        in shell.lines()
    )
    assert [log.level for log in shell.effects if isinstance(log, Log)][-1] == "critical"


def test_a_call_that_raises_is_answered_with_internal_error_and_changes_nothing(shell: Shell) -> None:
    shell.register()
    before = inside(shell.actor.parts.charge_point)
    raising(shell, "charge_point.ChargePoint.change_key")
    shell.ask("1", "ChangeConfiguration", key="HeartbeatInterval", value="7")
    assert [frame[:3] for frame in shell.answers("1")] == [[4, "1", "InternalError"]]
    assert inside(shell.actor.parts.charge_point) == before
    shell.ask("2", "ChangeConfiguration", key="HeartbeatInterval", value="7")
    assert shell.answers("2") == [[3, "2", {"status": "Accepted"}]]


def test_an_order_that_raises_is_answered(shell: Shell) -> None:
    raising(shell, "wish.FaultClearing.ask")
    shell.feed(Ordered(5, ClearFaults(())))
    (answer,) = [effect for effect in shell.effects if isinstance(effect, Answer)]
    assert answer.ticket == 5
    assert isinstance(answer.reply, Reply)
    assert answer.reply.status is None
    assert "an error of ours" in answer.reply.why


def test_an_event_counts_although_time_raises_after_it(shell: Shell) -> None:
    shell.register()
    raising(shell, "connector.Connector.step")
    shell.ask("1", "ChangeConfiguration", key="HeartbeatInterval", value="7")
    assert shell.answers("1") == [[3, "1", {"status": "Accepted"}]]


def test_time_that_raises_is_not_tried_again_at_once(shell: Shell) -> None:
    raiser = raising(shell, "absence.Absence.observe", always=True)
    tried = []
    for _ in range(40):
        shell.let_pass(0.25)
        tried.append(raiser.raised)
    assert tried[0] == tried[2] == 1  # rests 1 s, then 2 s, then 4 s
    assert tried[-1] in (3, 4)


def test_what_raises_again_and_again_is_made_anew_from_the_store(shell: Shell) -> None:
    shell.register()
    raiser = raising(shell, "absence.Absence.observe", always=True)
    while raiser.raised < RAISED_MOST:
        shell.let_pass(1.0)
    assert "the core is rebuilt from the store" in shell.lines()
    assert shell.reconnects() == ["rebuilt after an error of ours"]
    raiser.name = ""
    shell.connect_anew()
    shell.let_pass(5.0)  # the rest
    shell.settle_registration()
    begin(shell)
    assert "StartTransaction" in shell.actions()
    assert shell.wishes()[-1].limit_a > 0.0  # what the box is, is known again


def test_a_core_that_is_rebuilt_knows_of_the_trial(shell: Shell) -> None:
    shell.register()
    shell.feed(Trial("version 0.2.0.0 is on trial"))
    raiser = raising(shell, "absence.Absence.observe", always=True)
    while "the core is rebuilt from the store" not in shell.lines():
        shell.let_pass(1.0)
    raiser.name = ""
    assert shell.actor.parts.charge_point.service.on_trial


def test_a_core_that_takes_no_step_asks_for_nothing_after_15_s(shell: Shell) -> None:
    shell.let_pass(5.0)
    raising(shell, "absence.Absence.observe", always=True)
    stepped_s = shell.at_s
    shell.let_pass(60.0)
    assert max(wish.valid_until_s for wish in shell.wishes()) <= stepped_s + WISH_LIFE_S + 1.0


def test_a_wish_that_raises_holds_up_nothing_else(shell: Shell) -> None:
    shell.register()
    raising(shell, "charge_point.ChargePoint.wish")
    shell.ask("1", "ChangeConfiguration", key="WebSocketPingInterval", value="7")
    assert shell.answers("1") == [[3, "1", {"status": "Accepted"}]]
    sent = len(shell.wishes())
    shell.let_pass(2.5)
    assert len(shell.wishes()) > sent


def test_the_end_comes_although_its_wish_raises(shell: Shell) -> None:
    raising(shell, "charge_point.ChargePoint.wish", always=True)
    shell.feed(End())
    assert shell.left


def test_a_connection_whose_begin_raises_is_ended(shell: Shell) -> None:
    raising(shell, "authorization_key.Passwords.opened")
    shell.connect()
    assert len(shell.reconnects()) == 1
    assert shell.actions() == []
