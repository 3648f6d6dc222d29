"""What the actor owes to everybody: write then say, wishes that end by themselves, an orderly end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from itertools import pairwise

import pytest

from bridge.core.configuration.configuration import REMEMBERED_PREFIX
from bridge.core.maintenance.restart import RETRY_S
from bridge.core.rows import ProfilesRemoved, Remembered
from bridge.core.setup import ORDERLY
from bridge.effects import Answer, AskRestart, Leave, Log, Say, SetLink, Write
from bridge.events import End, RestartRefused
from bridge.local.orders import (
    ClearFaults,
    ClearProfiles,
    Installed,
    ListProfiles,
    LookAtState,
    Looked,
    OfferAgain,
    Ordered,
    Reply,
    SendDataTransfer,
)
from bridge.store.database import IN_MEMORY, Database
from hal.contract import WISH_LIFE_RESTART_S, WISH_LIFE_S, FaultRef, Wish
from tests.bridge.core.messages import CHARGING, WAITING
from tests.bridge.shell import BOOT_ID, Shell


@pytest.fixture
def shell() -> Iterator[Shell]:
    made = Shell()
    yield made
    made.store.close()


def begin_charging(shell: Shell) -> None:
    """Until StartTransaction is in flight."""
    shell.register()
    shell.card()
    shell.answer({"idTagInfo": {"status": "Accepted"}})
    shell.facts = WAITING
    shell.let_pass(2.0)
    shell.settle()


# Wishes


def test_a_wish_is_renewed_each_second_and_never_more_often_while_nothing_changes(shell: Shell) -> None:
    shell.let_pass(60.0)
    last = shell.wishes()[-60:]
    assert {round(b.valid_until_s - a.valid_until_s, 3) for a, b in pairwise(last)} == {1.0}
    assert [b.seq - a.seq for a, b in pairwise(last)] == [1] * 59
    assert shell.at_s + WISH_LIFE_S - last[-1].valid_until_s <= 1.0


def test_a_change_of_the_wish_leaves_at_once(shell: Shell) -> None:
    begin_charging(shell)
    assert shell.wishes()[-1].limit_a > 0.0
    shell.facts = CHARGING
    shell.let_pass(1.0)
    shell.answer({"transactionId": 7, "idTagInfo": {"status": "Accepted"}})
    shell.settle()
    sent = len(shell.wishes())
    shell.ask("stop", "RemoteStopTransaction", transactionId=7)
    assert [wish.limit_a for wish in shell.wishes()[sent:]] == [0.0]


# Write, then say


@pytest.mark.parametrize("disk", ["well", "hung", "refuses"])
def test_nothing_is_said_before_what_it_rests_on_is_durable(shell: Shell, disk: str) -> None:
    shell.register()
    shell.disk = disk  # type: ignore[assignment]
    shell.ask("1", "ChangeConfiguration", key="MeterValueSampleInterval", value="30")
    shell.ask("2", "ChangeConfiguration", key="HeartbeatInterval", value="30")
    shell.let_pass(2.0)
    assert [len(shell.answers(each)) for each in "12"] == 2 * [int(disk == "well")]
    shell.disk_comes_back()
    shell.let_pass(3.0)
    assert [len(shell.answers(each)) for each in "12"] == [1, 1]


def test_a_start_that_is_not_durable_offers_nothing_and_is_not_sent(shell: Shell) -> None:
    shell.register()
    shell.card()
    shell.answer({"idTagInfo": {"status": "Accepted"}})
    shell.disk, shell.facts = "hung", WAITING
    shell.let_pass(5.0)
    assert "StartTransaction" not in shell.actions()
    assert {wish.limit_a for wish in shell.wishes()} == {0.0}
    shell.disk_comes_back()
    assert shell.wishes()[-1].limit_a > 0.0
    shell.settle()
    assert shell.actions()[-1] == "StartTransaction"


def test_what_comes_together_is_written_together(shell: Shell) -> None:
    shell.register()
    sent = len(shell.effects)
    for number in range(20):
        text = f'[2,"{number}","ChangeConfiguration",{{"key":"HeartbeatInterval","value":"{60 + number}"}}]'
        shell.feed_only(text)
    shell.carry_out()
    assert sum(isinstance(effect, Write) for effect in shell.effects[sent:]) == 1
    assert all(shell.answers(str(number))[0][2] == {"status": "Accepted"} for number in range(20))


def test_an_answer_that_was_held_is_not_said_to_another_connection(shell: Shell) -> None:
    shell.register()
    shell.disk = "hung"
    shell.ask("held", "ChangeConfiguration", key="MeterValueSampleInterval", value="30")
    shell.let_pass(1.0)
    shell.connect_anew()
    shell.disk_comes_back()
    shell.let_pass(5.0)
    assert shell.answers("held") == []
    assert shell.store.remembered()[f"{REMEMBERED_PREFIX}MeterValueSampleInterval"] == "30"


def test_a_disk_that_has_not_answered_for_10_s_refuses_new_sessions(shell: Shell) -> None:
    shell.register()
    shell.disk = "hung"
    shell.ask("1", "ChangeConfiguration", key="MeterValueSampleInterval", value="30")
    shell.let_pass(9.0)
    assert "has not answered" not in shell.lines()
    shell.let_pass(2.0)
    assert "the disk has not answered for 10 s, no new session starts" in shell.lines()
    shell.card()
    assert "Authorize" not in shell.actions()
    shell.disk_comes_back()
    shell.let_pass(1.0)
    assert "the disk can be written again" in shell.lines()
    shell.card()
    shell.settle()
    assert "Authorize" in shell.actions()


# The end


def test_the_end_leaves_a_wish_for_a_minute_and_a_mark_that_all_was_in_order(shell: Shell) -> None:
    begin_charging(shell)
    shell.feed(End())
    *_, write, wish, leave = shell.effects
    assert isinstance(write, Write)
    assert write.changes == (Remembered(ORDERLY, BOOT_ID),)
    assert isinstance(wish, Wish)
    assert wish.valid_until_s == shell.at_s + WISH_LIFE_RESTART_S
    assert wish.limit_a > 0.0  # no transaction ends
    assert isinstance(leave, Leave)
    assert shell.store.remembered()[ORDERLY] == BOOT_ID


def test_the_end_waits_for_the_disk_while_the_wish_lives(shell: Shell) -> None:
    shell.register()
    shell.disk = "hung"
    shell.ask("1", "ChangeConfiguration", key="MeterValueSampleInterval", value="30")
    shell.feed(End())
    assert shell.wishes()[-1].valid_until_s == shell.at_s + WISH_LIFE_RESTART_S
    shell.let_pass(5.0)
    assert Leave not in map(type, shell.effects)
    shell.disk_comes_back()
    assert shell.left
    assert len(shell.answers("1")) == 1
    assert shell.store.remembered()[ORDERLY] == BOOT_ID


def test_a_disk_that_refuses_gets_no_mark_and_delays_no_end(shell: Shell) -> None:
    shell.register()
    shell.disk = "refuses"
    shell.ask("1", "ChangeConfiguration", key="MeterValueSampleInterval", value="30")
    shell.feed(End())
    assert shell.left
    assert ORDERLY not in shell.store.remembered()


def test_after_the_end_nothing_is_decided(shell: Shell) -> None:
    shell.register()
    shell.feed(End())
    done = len(shell.effects)
    shell.card()
    shell.ask("1", "GetConfiguration")
    shell.feed(End())
    assert shell.effects[done:] == []


def test_a_reset_is_asked_for_once_and_again_only_when_it_was_refused(shell: Shell) -> None:
    shell.register()
    shell.ask("0", "ChangeConfiguration", key="ResetRetries", value="1")
    shell.ask("1", "Reset", type="Hard")
    shell.let_pass(3.0)
    assert [effect.what for effect in shell.effects if isinstance(effect, AskRestart)] == ["hard"]
    shell.feed(RestartRefused())
    shell.let_pass(RETRY_S + 1.0)
    assert [effect.what for effect in shell.effects if isinstance(effect, AskRestart)] == ["hard", "hard"]
    kinds = [type(effect) for effect in shell.effects]
    said = [bool(isinstance(effect, Say) and effect.effects.frames) for effect in shell.effects]
    assert any(said[: kinds.index(AskRestart)])


# Orders of the owner


def test_each_order_gets_its_reply(shell: Shell) -> None:
    shell.feed(Ordered(1, SendDataTransfer("V")))
    shell.feed(Ordered(2, ClearFaults((FaultRef("welded", 1),))))
    shell.feed(Ordered(3, OfferAgain(9)))
    replies = {each.ticket: each.reply for each in shell.replies() if isinstance(each.reply, Reply)}
    assert "not connected" in replies[1].why
    assert replies[2].status == "Accepted"
    assert replies[3].status == "Rejected"
    assert shell.wishes()[-1].clear_faults == (FaultRef("welded", 1),)
    shell.register()
    shell.feed(Ordered(4, SendDataTransfer("V")))
    shell.answer({"status": "Accepted", "data": "hello"})
    assert [each.reply for each in shell.replies()[3:]] == [Reply("Accepted", "hello")]


def test_whoever_looks_is_told_what_is_so_and_nothing_else_follows(shell: Shell) -> None:
    begin_charging(shell)
    before = len(shell.effects)
    shell.feed(Ordered(1, LookAtState()))
    (told,) = shell.effects[before:]
    assert isinstance(told, Answer)
    assert isinstance(told.reply, Looked)
    state = told.reply.state
    assert state is not None
    assert (state.connector.step, state.link.registered) == ("Transaction", True)
    assert state.why[0].id == "begins"


def test_profiles_are_listed_as_they_count_and_cleared_before_the_reply(shell: Shell) -> None:
    begin_charging(shell)
    wire = {
        "chargingProfileId": 5, "stackLevel": 0, "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Relative",
        "chargingSchedule": {
            "chargingRateUnit": "A", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 0.0}]
        },
    }  # fmt: skip
    shell.ask("1", "SetChargingProfile", connectorId=1, csChargingProfiles=wire)
    shell.let_pass(30.0)
    shell.feed(Ordered(1, ListProfiles()))
    shell.feed(Ordered(2, ClearProfiles((5, 6))))
    shell.feed(Ordered(3, ClearProfiles((5,))))
    listed, cleared, gone = (answer.reply for answer in shell.replies())
    assert isinstance(listed, Installed)
    assert listed.circumstances is not None
    assert [each.profile_id for each in listed.profiles] == [5]
    assert listed.circumstances.row_id == 1
    assert listed.caps_a == {}
    assert (cleared, gone) == (Reply("Accepted"), Reply("Rejected"))
    assert shell.store.charging_profiles() == ()
    removed = next(
        number for number, effect in enumerate(shell.effects)
        if isinstance(effect, Write) and ProfilesRemoved((5,)) in effect.changes
    )  # fmt: skip
    assert removed < shell.effects.index(Answer(2, Reply("Accepted")))
    assert shell.wishes()[-1].limit_a > 0.0
    said = [effect.line for effect in shell.effects if isinstance(effect, Log) and "the car" in effect.line]
    assert said == [
        "charging profile 5 holds the car at 0 A: it allows 0 A, and a car needs 6 A to charge",
        "charging profile 5 does not hold the car any more",
    ]


def test_how_the_link_is_kept_is_said_at_the_start_and_on_change(shell: Shell) -> None:
    assert [effect.ping_interval_s for effect in shell.effects if isinstance(effect, SetLink)] == [30.0]
    shell.register()
    shell.ask("1", "ChangeConfiguration", key="WebSocketPingInterval", value="7")
    assert [effect.ping_interval_s for effect in shell.effects if isinstance(effect, SetLink)] == [30.0, 7.0]
    assert not [effect for effect in shell.effects if isinstance(effect, Answer)]


def test_the_mark_of_an_orderly_end_is_taken_back_before_anything_but_the_link_is_said() -> None:
    """A power cut just after the first wish must not read as an orderly restart."""
    store = Database(IN_MEMORY)
    store.apply((Remembered(ORDERLY, BOOT_ID),))
    with closing(store):
        link, write, *others = Shell(store).effects
    assert isinstance(link, SetLink)
    assert isinstance(write, Write)
    assert Remembered(ORDERLY, None) in write.changes
    assert any(isinstance(effect, Wish) for effect in others)
