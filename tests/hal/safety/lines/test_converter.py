"""Whether the converter measures, told from its words; and what a failed transfer does."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import cycle
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hal.core.signals import PilotOffer
from hal.safety.lines.converter import Life
from tests.hal.safety.rig import Rig

TICK_S = 0.01
X1_WORDS, PWM_WORDS, F_WORDS = (3536, 2047), (3200, 560), (2047, 558)


def first_dead_s(
    life: Life, words: Iterator[tuple[int, ...]], offer: PilotOffer, for_s: float
) -> float | None:
    """Seconds until it says that it does not measure; None: it never did."""
    for tick in range(round(for_s / TICK_S)):
        if not life.feed(next(words), offer, begin_s := tick * TICK_S):
            return begin_s
    return None


@pytest.mark.parametrize("word", [0, 4095])
def test_a_converter_without_supply_is_dead_at_the_third_tick(word: int) -> None:
    assert first_dead_s(Life(), cycle([(word, word)]), "x1", 1.0) == pytest.approx(2 * TICK_S)


def test_one_channel_at_its_end_is_a_measurement() -> None:
    assert first_dead_s(Life(), cycle([(4095, 2047), (4094, 2047)]), 16.0, 10.0) is None


def test_two_bad_ticks_are_interference() -> None:
    words = cycle([(0, 0), (0, 0), *[(3200, 560), (3201, 560)] * 4])
    assert first_dead_s(Life(), words, 16.0, 10.0) is None


def test_a_converter_that_is_dead_every_second_tick_is_dead() -> None:
    words = cycle([(0, 0), (3200, 560), (0, 0), (3201, 560)])
    dead_s = first_dead_s(Life(), words, 16.0, 10.0)
    assert dead_s is not None
    assert dead_s <= 0.1


def test_words_frozen_under_pwm_are_dead_within_the_3_s_of_the_standard() -> None:
    dead_s = first_dead_s(Life(), cycle([PWM_WORDS]), 16.0, 5.0)
    assert dead_s is not None
    assert dead_s == pytest.approx(0.5, abs=0.02) or dead_s <= 2.02


def test_words_frozen_in_the_midst_of_an_offer_are_dead_in_2_s() -> None:
    life = Life()
    assert first_dead_s(life, cycle([PWM_WORDS, (3201, 559)]), 16.0, 5.0) is None
    dead = [life.feed(PWM_WORDS, 16.0, 5.0 + tick * TICK_S) for tick in range(300)].index(False)
    assert dead * TICK_S == pytest.approx(2.0, abs=2 * TICK_S)


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [("x1", 16.0, X1_WORDS), (16.0, "x1", PWM_WORDS), ("x1", "F", X1_WORDS), ("F", "x1", F_WORDS)],
)
def test_words_that_do_not_follow_the_pilot_are_dead_in_half_a_second(
    before: PilotOffer, after: PilotOffer, words: tuple[int, int]
) -> None:
    life = Life()
    noisy = cycle([words, (words[0] + 1, words[1])])
    for tick in range(100):
        life.feed(next(noisy), before, tick * TICK_S)
    dead = [life.feed(words, after, 1.0 + tick * TICK_S) for tick in range(100)].index(False)
    assert dead * TICK_S == pytest.approx(0.5, abs=2 * TICK_S)
    assert life.feed((words[0] + 9, words[1]), after, 3.0)  # it measures again


def test_what_nobody_looked_at_is_not_held_against_the_converter() -> None:
    """The loop stood still for 20 s, and the first words after it are those before."""
    life = Life()
    assert first_dead_s(life, cycle([PWM_WORDS, (3201, 559)]), 16.0, 5.0) is None
    dead = [life.feed(PWM_WORDS, 16.0, 25.0 + tick * TICK_S) for tick in range(300)].index(False)
    assert dead * TICK_S == pytest.approx(2.0, abs=2 * TICK_S)


def test_a_change_of_the_pilot_before_a_stall_is_waited_for_after_it() -> None:
    life = Life()
    noisy = cycle([X1_WORDS, (3537, 2047)])
    for tick in range(100):
        life.feed(next(noisy), "x1", tick * TICK_S)
    life.feed(X1_WORDS, 16.0, 1.0)
    dead = [life.feed(X1_WORDS, 16.0, 21.0 + tick * TICK_S) for tick in range(100)].index(False)
    assert dead * TICK_S == pytest.approx(0.5, abs=2 * TICK_S)


def test_a_steady_x1_may_be_as_quiet_as_it_likes() -> None:
    assert first_dead_s(Life(), cycle([X1_WORDS]), "x1", 100.0) is None


@given(
    offers=st.lists(st.sampled_from(["x1", "F", 6.0, 16.0]), min_size=1, max_size=20),
    noise=st.lists(st.tuples(st.integers(0, 1), st.integers(0, 1)), min_size=2, max_size=4, unique=True),
)
def test_a_noisy_converter_never_dies(offers: list[PilotOffer], noise: list[tuple[int, int]]) -> None:
    life, steps = Life(), cycle(noise)
    for number, offer in enumerate(offers):
        for tick in range(100):
            high, low = next(steps)
            assert life.feed((3000 + high, 700 + low), offer, number + tick * TICK_S)


@pytest.fixture
def rig(runtime_dir: Path) -> Iterator[Rig]:
    rig = Rig(runtime_dir)
    yield rig
    rig.close()


def test_a_failed_transfer_keeps_the_volts_and_lets_them_grow_old(rig: Rig) -> None:
    before = rig.lines.read_analogue(rig.now_s)
    rig.board_faults.add("spi_failed")
    for tick in range(1, 4):
        rig.step(TICK_S)
        after = rig.lines.read_analogue(rig.now_s)
        assert (after.cp_high_v, after.cp_low_v, after.pp_ohm) == (
            before.cp_high_v, before.cp_low_v, before.pp_ohm,
        )  # fmt: skip
        assert after.age_s == pytest.approx(tick * TICK_S)
        assert after.alive
    rig.board_faults.clear()
    rig.step(TICK_S)
    assert rig.lines.read_analogue(rig.now_s).age_s == 0.0


@pytest.mark.parametrize(("fault", "within_s"), [("adc_unpowered", 0.05), ("adc_stuck", 2.1)])
def test_a_dead_converter_of_the_mock_box_is_noticed_under_pwm(rig: Rig, fault: str, within_s: float) -> None:
    def alive_after(for_s: float) -> bool:
        ends_s = rig.now_s + for_s
        alive = True
        while rig.now_s < ends_s:
            rig.step(TICK_S)
            alive = rig.lines.read_analogue(rig.now_s).alive
        return alive

    rig.lines.pilot.show(16.0)
    assert alive_after(5.0)
    (rig.plant.faults if fault == "adc_stuck" else rig.board_faults).add(fault)
    assert not alive_after(within_s)
    rig.plant.faults.clear()
    rig.board_faults.clear()
    assert alive_after(1.0)
