"""Whatever has happened: while no current flows one sentence says why, and doing what it says helps."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.local.state.state import State
from bridge.local.why.words import TONGUES, words
from tests.scenarios.chaos import Chaos, Event
from tests.scenarios.hands import Hands
from tests.scenarios.script import Mode
from tests.scenarios.test_invariants import CALL, CARD, CHARGING, DO, FAULT, MOOD, WAIT

pytestmark = pytest.mark.campaign
MOST_REMEDIES = 25  # from the worst to current
TRIAL = st.sampled_from([Event("do", verb) for verb in ("trial begins", "trial ends")])
EVENT = st.one_of(WAIT, DO, DO, CARD, CALL, CALL, FAULT, MOOD, TRIAL)
KEYS = st.sampled_from([{}, {}, {"FreeCharging": "true"}, {"UnlockConnectorOnEVSideDisconnect": "false"}])
STORY = st.tuples(st.booleans(), st.lists(EVENT, max_size=15))


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
                assert not set(text) & set("{}[]"), (reason, text)


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
    done: list[str] = []
    while not hands.current_flows:
        reason = hands.first
        assert len(done) < MOST_REMEDIES, f"nothing flows after {done}"
        done.append(reason.id)
        assert hands.carry_out(reason), (
            f"{done}: {reason} was done, and nothing changed: {chaos.world.look()}"
        )
    chaos.let_pass(8.0)
    assert chaos.world.look().charges == hands.current_flows
    return done


@pytest.mark.parametrize("mode", ["cloud", "native"])
@settings(max_examples=12)
@given(story=STORY, keys=KEYS)
def test_doing_what_the_sentences_say_makes_current_flow(
    mode: Mode, story: tuple[bool, list[Event]], keys: dict[str, str]
) -> None:
    begins_charging, events = story
    live(mode, keys, [*(CHARGING if begins_charging else []), *events])
