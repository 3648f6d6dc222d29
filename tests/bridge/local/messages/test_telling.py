"""Each trouble is said once when it begins and once when it is over, and never a flood of them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.core.limits import main_fuse
from bridge.core.maintenance.outcome import Outcome
from bridge.local.messages.telling import AT_ONCE, REFILL_S, Memory, Noted, Said, Telling
from bridge.local.messages.texts import TEXTS, message, sentence
from bridge.local.messages.troubles import DAY_S, FAULT, FAULT_OVER_S, NAMES
from bridge.local.state.state import FaultSeen, Limit, Queue, State
from bridge.local.why.english_faults import FAULTS
from bridge.local.why.words import Language
from tests.bridge.local.states import WELL, changed

LOOK_S = 10.0
FAILED = Outcome("2026-05-01T10:00:00Z", "failed: version 0.2.0.0 did not come up")


def faulty(*names: str) -> State:
    faults = tuple(FaultSeen(id=name, occurrence=1, for_s=1.0, clears="itself", opens=True) for name in names)
    return changed(box={"faults": faults})


class Life:
    """Looks each ten seconds, and keeps what was said."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.telling = Telling(Memory(), 0.0)
        self.said: list[tuple[float, Said]] = []

    def live(
        self, state: State | None, for_s: float, outcome: Outcome | None = None
    ) -> list[tuple[str, bool]]:
        """Returns key and `over` of what was said meanwhile."""
        before, end_s = len(self.said), self.now_s + for_s
        while self.now_s < end_s:
            self.now_s += LOOK_S
            self.said += [(self.now_s, said) for said in self.telling.feed(state, outcome, self.now_s)]
        return [(said.trouble.key, said.over) for _, said in self.said[before:]]

    def restart(self) -> None:
        """Begins anew with what was stored."""
        self.telling = Telling(self.telling.memory, self.now_s)


@pytest.fixture
def life() -> Life:
    return Life()


def test_a_fault_is_said_once_and_its_end_once(life: Life) -> None:
    assert life.live(WELL, 600) == []
    assert life.live(faulty("welded"), 3600) == [("fault:welded", False)]
    assert life.live(WELL, FAULT_OVER_S - LOOK_S) == []
    assert life.live(WELL, 3600) == [("fault:welded", True)]


def test_what_comes_and_goes_is_one_trouble(life: Life) -> None:
    said = []
    for _ in range(100):
        said += life.live(faulty("pilot_noise"), 20) + life.live(WELL, 60)
    assert said == [("fault:pilot_noise", False)]


def test_a_restart_says_nothing_again(life: Life) -> None:
    life.live(faulty("welded"), 60)
    for _ in range(5):
        life.restart()
        assert life.live(faulty("welded"), 60) == []
    life.restart()
    assert life.live(WELL, 3600) == [("fault:welded", True)]


def test_the_central_system_away_for_a_day_over_restarts(life: Life) -> None:
    away = changed(link={"connected": False, "registered": False})
    for _ in range(23):
        assert life.live(away, 3600) == []
        life.restart()
    assert life.live(away, 2 * 3600) == [("central_system_away", False)]
    assert life.live(away, 2 * DAY_S) == []
    assert life.live(WELL, 600) == [("central_system_away", True)]


def test_more_dead_letters_are_said_again_and_fewer_are_not(life: Life) -> None:
    def queue(number: int) -> State:
        return changed(queue=Queue(waiting=0, dead_letters=number))

    assert life.live(queue(1), 600) == [("dead_letters", False)]
    assert life.live(queue(3), 600) == [("dead_letters", False)]
    assert life.live(queue(2), 600) == []
    assert life.live(changed(queue=None), 600) == [], "the store could not be asked: nobody knows"
    assert life.live(queue(0), 600) == [("dead_letters", True)]


def test_an_update_that_came_back_is_said_and_the_next_one_too(life: Life) -> None:
    assert life.live(WELL, 600, FAILED) == [("update_came_back", False)]
    again = Outcome("2026-05-02T10:00:00Z", FAILED.text)
    assert life.live(WELL, 600, again) == [("update_came_back", False)]
    well = Outcome("2026-05-03T10:00:00Z", "version 0.3.0.0 runs")
    assert life.live(WELL, 600, well) == [("update_came_back", True)]


def test_a_bridge_that_is_away_hides_no_fault(life: Life) -> None:
    life.live(faulty("welded"), 60)
    assert life.live(None, 3600) == [("bridge_away", False)]
    assert life.live(changed(box={"alive": False}), 3600) == [
        ("bridge_away", True),
        ("reflexes_silent", False),
    ]
    assert life.live(faulty("welded"), 3600) == [("reflexes_silent", True)]


def test_a_house_meter_and_a_disk(life: Life) -> None:
    quiet = changed(limits=(Limit(name=main_fuse.QUIET_NAME, limit_a=6.0),))
    assert life.live(quiet, 120) == [("house_meter_quiet", False)]
    assert life.live(changed(service={"recorded": False}), 120) == [
        ("house_meter_quiet", True),
        ("disk_refuses", False),
    ]


def test_many_at_once_are_said_one_after_the_other(life: Life) -> None:
    many = faulty(*sorted(FAULTS)[: AT_ONCE + 5])
    assert len(life.live(many, 30)) == AT_ONCE
    assert len(life.live(many, 6 * REFILL_S)) == 5


states = st.one_of(
    st.none(),
    st.builds(
        lambda names, alive, registered, dead, recorded: changed(
            faulty(*names),
            box={"alive": alive},
            link={"registered": registered},
            service={"recorded": recorded},
            queue=Queue(waiting=0, dead_letters=dead) if dead is not None else None,
        ),
        st.sets(st.sampled_from(sorted(FAULTS)), max_size=3),
        st.booleans(),
        st.booleans(),
        st.none() | st.integers(0, 3),
        st.booleans(),
    ),
)
STEPS = st.lists(st.tuples(states, st.sampled_from([10, 70, 400, 90_000]), st.booleans()), max_size=12)


@settings(max_examples=30, deadline=None)
@given(STEPS)
def test_begin_and_end_take_turns_and_there_is_never_a_flood(steps: list[tuple[Any, int, bool]]) -> None:
    life = Life()
    for state, for_s, restarts in steps:
        life.live(state, min(for_s, 3000))
        if restarts:
            life.restart()
    stands: set[str] = set()
    for _, said in life.said:
        key = said.trouble.key
        assert not said.over or key in stands, "nothing is over that was never said"
        assert said.over or key not in stands or key == "dead_letters", "nothing begins twice"
        (stands.discard if said.over else stands.add)(key)
    restarts_in_all = sum(restarts for _, _, restarts in steps)
    assert len(life.said) <= AT_ONCE * (1 + restarts_in_all) + life.now_s / REFILL_S


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("kind", NAMES)
def test_every_kind_has_its_words(kind: str, language: Language) -> None:
    values = {"fault": "welded", "clears": "person", "number": "2", "at": "x", "what": "y"}
    noted = Noted(kind=kind, key=kind, values=tuple(values.items()))
    for over in (False, True):
        made = message(Said(noted, over), language, box="EV1", mock=False, at=None)
        assert made.text
        assert "{" not in made.text + made.what_to_do
        assert bool(made.what_to_do) != over
    assert sentence(noted, language)
    assert set(TEXTS[language].begins) == set(TEXTS[language].ends) == set(NAMES)


def test_texts_of_others_are_made_visible_and_another_version_is_named() -> None:
    noted = Noted(kind="new_kind", key="new_kind", values=(("what", "x\x1b[2J" * 99),))
    assert message(Said(noted, over=False), "de", box="\n", mock=True, at=None).title.isprintable()
    assert sentence(noted, "en") == "new kind."
    fault = Noted(kind=FAULT, key="fault:new_one", values=(("fault", "new_one"), ("clears", "person")))
    assert "new one" in sentence(fault, "en")
