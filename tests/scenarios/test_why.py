"""Whatever has happened: while no current flows one sentence says why, and doing what it says helps."""

from __future__ import annotations

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from bridge.local.state.state import State
from bridge.local.why.words import TONGUES, words
from tests.bridge.central_system.payloads import profile
from tests.scenarios.chaos import Chaos, Event
from tests.scenarios.hands import Hands
from tests.scenarios.script import Mode
from tests.scenarios.test_invariants import CALL, CARD, CHARGING, DO, FAULT, MOOD, WAIT

pytestmark = pytest.mark.campaign
MOST_REMEDIES = 25  # from the worst to current
SETTLES_S = 8.0  # a reading shows by then whether the car draws
TRIAL = st.sampled_from([Event("do", verb) for verb in ("trial begins", "trial ends")])
EVENT = st.one_of(WAIT, DO, DO, CARD, CALL, CALL, FAULT, MOOD, TRIAL)
KEYS = st.sampled_from([{}, {}, {"FreeCharging": "true"}, {"UnlockConnectorOnEVSideDisconnect": "false"}])
STORY = st.tuples(st.booleans(), st.lists(EVENT, min_size=4, max_size=15))


def said_well(state: State) -> None:
    """At least one reason while nothing flows, each once, and every language has the words."""
    assert state.charges or state.why, state
    ids = [reason.id for reason in state.why]
    assert len(set(ids)) == len(ids), ids
    for language in TONGUES:
        say = words(language, state.at)
        for reason in state.why:
            for text in (say.reason(reason), say.remedy(reason)):
                assert text.isprintable()
                assert text.endswith("."), (reason, text)
                assert not set(text) & set("{}"), (reason, text)  # [pilot] is a section of a file


def live(mode: Mode, keys: dict[str, str], story: list[Event]) -> list[str]:
    """One life, then what the sentences say until current flows. Returns them, by their names."""
    chaos = Chaos(mode, keys)
    try:
        hands = Hands(chaos)
        for event in story:
            chaos.happen(event)
            if chaos.world.bridge is not None:
                said_well(chaos.world.look())
        hands.start_all()
        return until_it_charges(chaos, hands)
    finally:
        chaos.close()


def until_it_charges(chaos: Chaos, hands: Hands) -> list[str]:
    """Carries out the first remedy again and again; returns the names of the sentences."""
    done: list[str] = []
    for _ in range(MOST_REMEDIES):
        if hands.current_flows():
            chaos.let_pass(SETTLES_S)
            assert chaos.world.look().charges == hands.current_flows()
            return done
        if chaos.world.look().charges:  # it has just closed
            chaos.let_pass(SETTLES_S)
            wrong = chaos.world.look().charges and not hands.current_flows()
            assert not wrong, f"it says that current flows: {done}"
        else:
            reason = hands.first
            done.append(reason.id)
            helped = hands.carry_out(reason)
            assert helped, f"{done}: {reason} was done, and nothing changed: {chaos.world.look()}"
    raise AssertionError(f"nothing flows after {done}")


def do(verb: str, argument: str = "") -> Event:
    return Event("do", verb, argument)


def call(action: str, **payload: object) -> Event:
    return Event("call", action, payload=payload)


def wait(for_s: float) -> Event:
    return Event("wait", for_s=for_s)


FREE = {"FreeCharging": "true"}
# What has happened -> the sentences that lead out of it, each done before the next.
STORIES: dict[str, tuple[dict[str, str], list[Event], str]] = {
    "nothing": ({}, [wait(5.0)], "no_car not_authorized begins"),
    "out of service": (
        {},
        [wait(5.0), call("ChangeAvailability", connectorId=1, type="Inoperative"), do("link lost")],
        "inoperative no_car not_authorized begins",
    ),
    "refused afterwards": (
        {"StopTransactionOnInvalidId": "false"},
        [
            wait(5.0),
            do("card", "04AABBCC"),
            wait(1.0),
            Event("mood", "invalid"),
            do("car plugs in, ready"),
            wait(10.0),
        ],
        "deauthorized not_authorized begins",
    ),
    "free, and stopped": (
        FREE,
        [
            wait(5.0),
            do("car plugs in, ready"),
            wait(15.0),
            call("RemoteStopTransaction", transactionId=1),
            wait(20.0),
        ],
        "session_over_free not_locked begins",
    ),
    "the cable kept for its owner": (
        {"UnlockConnectorOnEVSideDisconnect": "false"},
        [*CHARGING, do("car unplugs at its side"), wait(15.0)],
        "cable_kept no_car not_authorized begins",
    ),
    "unlocked from afar": (
        {},
        [
            wait(5.0),
            do("car plugs in, ready"),
            wait(3.0),
            call("UnlockConnector", connectorId=1),
            wait(8.0),
            do("card", "04AABBCC"),
            wait(3.0),
        ],
        "unlocked not_locked begins",
    ),
    "a short of the pilot": (
        {},
        [*CHARGING, do("fault", "cp_short"), wait(3.0)],
        "fault rests_after_fault begins",
    ),
    "no diode": (
        {},
        [*CHARGING, do("fault", "diode"), wait(3.0)],
        "fault not_authorized rests_after_fault begins",
    ),
    "a weld": (
        {},
        [*CHARGING, do("fault", "weld"), do("car pauses"), wait(3.0)],
        "fault session_over not_locked rests_after_fault no_mains begins car_does_not_ask begins",
    ),
    "a forced bolt": (
        {},
        [wait(5.0), do("fault", "lock_forced"), *CHARGING[1:], wait(30.0)],
        "fault not_locked rests_after_fault begins",
    ),
    "the cable locked for good": (
        {"LockCablePermanently": "true"},
        [*CHARGING, do("fault", "rcm"), wait(5.0)],
        "locked_for_good fault not_authorized rests_after_fault begins",
    ),
    "a lock that holds the plug": (
        {},
        [*CHARGING, do("card", "04AABBCC"), do("fault", "lock_jam"), wait(2.0), do("fault", "minus_lost")],
        "session_over rests fault plug_stuck fault not_authorized rests_after_fault begins",
    ),
    "no meter": ({}, [*CHARGING, do("fault", "meter_silent"), wait(70.0)], "meter_limit begins"),
    "the reflexes are dead": (
        {},
        [*CHARGING, do("safety dies"), wait(5.0)],
        "reflexes_silent rests_after_fault begins",
    ),
    "the disk is full": ({}, [wait(5.0), do("disk full"), *CHARGING[1:]], "disk_refuses refused begins"),
    "a profile": (
        {},
        [wait(5.0), Event("call", "SetChargingProfile", payload=profile(0.0)), *CHARGING[1:]],
        "profile_limit begins",
    ),
    "the Central System is silent": (
        {},
        [wait(5.0), do("link lost"), do("car plugs in, ready"), do("card", "04AABBCC"), wait(1.0)],
        "refused_offline refused begins",
    ),
}


@pytest.mark.parametrize("name", STORIES)
def test_a_story_ends_with_current(name: str) -> None:
    keys, story, sentences = STORIES[name]
    assert live("native", keys, story) == sentences.split()


@pytest.mark.parametrize("mode", ["cloud", "native"])
@settings(max_examples=8, phases=[Phase.explicit, Phase.reuse, Phase.generate])  # shrinking takes minutes
@given(story=STORY, keys=KEYS)
def test_doing_what_the_sentences_say_makes_current_flow(
    mode: Mode, story: tuple[bool, list[Event]], keys: dict[str, str]
) -> None:
    begins_charging, events = story
    live(mode, keys, [*(CHARGING if begins_charging else []), *events])
