"""What a tool may have done: over the socket, by the loop, on the real drivers and the plant."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest

from hal.contract import Answer, Request
from hal.safety.journal import Journal
from tests.hal.safety.peers import Peer, hello, of
from tests.hal.safety.rig import FIXED_BOX, FULL_BOX
from tests.hal.safety.running import Running

Owner = Literal["safety", "instruments"]


class Tool:
    """Asks, and lets the box live until the answer comes."""

    def __init__(self, running: Running, peer: Peer) -> None:
        self.running = running
        self._peer = peer
        self._number = 0

    def ask(self, do: str, argument: str = "", owner: Owner = "safety") -> Answer:
        self._number += 1
        self._peer.say(Request(id=str(self._number), owner=owner, do=do, argument=argument))
        answers: list[Answer] = []

        def answered() -> bool:
            answers.extend(of(Answer, self._peer.heard()))
            return bool(answers)

        self.running.until(answered, within_s=60.0)
        assert answers[0].id == str(self._number)
        return answers[0]


@pytest.fixture
def running(runtime_dir: Path, log: tuple[int, int]) -> Iterator[Running]:
    running = Running(runtime_dir, Journal(log[1]), box=FULL_BOX)
    yield running
    running.close()


@pytest.fixture
def tool(running: Running, runtime_dir: Path) -> Iterator[Tool]:
    peer = hello(runtime_dir, "tool")
    running.tick()
    peer.heard()
    yield Tool(running, peer)
    peer.close()


def test_a_lock_pulse_goes_out_and_in_and_is_measured(tool: Tool) -> None:
    answer = tool.ask("lock-pulse")
    assert answer.ok, answer.text
    assert answer.text == "lock-pulse: the bolt went out and in again"
    assert answer.measured == {
        "locked_s": pytest.approx(0.2, abs=0.05),
        "unlocked_s": pytest.approx(0.04, abs=0.05),  # the feedback opens as soon as the bolt leaves its end
    }
    assert tool.running.rig.plant.bolt == 0.0
    assert tool.running.status.faults == ()


def test_the_motor_rests_between_pulses(tool: Tool) -> None:
    assert tool.ask("lock-pulse").ok
    refused = tool.ask("lock-pulse")
    assert not refused.ok
    assert "lock-pulse: the lock's motor rests for" in refused.text


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("lock_jam", "the feedback never said locked"),
        ("cut_lock_feedback", "the feedback never said locked"),
        ("short_lock_feedback", "the feedback said locked before the bolt moved"),
    ],
)
def test_a_lock_that_does_not_do_its_part_is_said(tool: Tool, fault: str, said: str) -> None:
    tool.running.rig.plant.fault(fault)
    tool.running.tick()
    answer = tool.ask("lock-pulse")
    assert not answer.ok
    assert said in answer.text


def test_the_pilot_tests_itself_and_the_volts_are_told(tool: Tool) -> None:
    answer = tool.ask("pilot-self-test")
    assert answer.ok, answer.text
    assert answer.measured == {
        "f_high_v": pytest.approx(0.0, abs=0.5),
        "f_low_v": pytest.approx(-12.0, abs=0.1),
        "x1_high_v": pytest.approx(12.0, abs=0.1),
        "x1_low_v": pytest.approx(0.0, abs=0.5),
        "pwm_high_v": pytest.approx(12.0 * 0.98, abs=0.1),
        "pwm_low_v": pytest.approx(-12.0, abs=0.1),
    }


def test_a_pilot_without_its_minus_12_v_fails_the_test(tool: Tool) -> None:
    tool.running.rig.plant.fault("minus_lost")
    answer = tool.ask("pilot-self-test")
    assert not answer.ok
    assert answer.measured["f_low_v"] == pytest.approx(0.0, abs=0.1)


def test_the_residual_current_monitor_is_tested(tool: Tool) -> None:
    answer = tool.ask("rcm-test")
    assert answer.ok, answer.text
    assert answer.measured == {
        "tripped_s": pytest.approx(0.74, abs=0.1),
        "healthy_s": pytest.approx(3.0, abs=0.1),
    }


def test_a_dead_residual_current_monitor_is_found(tool: Tool) -> None:
    tool.running.rig.plant.fault("rcm_dead")
    answer = tool.ask("rcm-test")
    assert not answer.ok
    assert answer.text == "rcm-test: it did not trip within 8 s"


def test_the_lamp_shows_a_pattern_for_5_s(tool: Tool) -> None:
    shown_s = []
    running = tool.running
    running.each_tick = lambda: shown_s.append(running.rig.now_s) if running.status.lamp == "test" else None
    answer = tool.ask("lamp", "test")
    assert answer.ok
    assert 4.5 < shown_s[-1] - shown_s[0] < 5.5
    tool.running.tick()
    assert tool.running.status.lamp == ""


@pytest.mark.parametrize(
    ("do", "argument", "said"),
    [
        ("dance", "", "dance: no such request; there are lock-pulse, rcm-test, lamp, pilot-self-test"),
        ("lamp", "", "lamp: the argument is a pattern of the lamp"),
        ("lamp", "x" * 65, "lamp: the argument is a pattern of the lamp"),
    ],
)
def test_what_nobody_can_do_is_refused_in_words(tool: Tool, do: str, argument: str, said: str) -> None:
    answer = tool.ask(do, argument)
    assert not answer.ok
    assert answer.text.startswith(said)


@pytest.mark.parametrize("do", ["lock-pulse", "rcm-test", "pilot-self-test"])
def test_a_car_forbids_it(tool: Tool, do: str) -> None:
    tool.running.limit_a = 0.0
    tool.running.rig.plant.plug_in()
    tool.running.until(lambda: tool.running.status.vehicle == "B")
    assert tool.ask(do).text == f"{do}: a car or its cable is there; unplug it"


@pytest.mark.parametrize("owner", ["safety", "instruments"])
@pytest.mark.parametrize("do", ["lock-pulse", "rcm-test", "pilot-self-test", "lamp", "serial-probe"])
def test_a_closed_contactor_forbids_everything(tool: Tool, do: str, owner: Owner) -> None:
    tool.running.charge()
    answer = tool.ask(do, "green", owner)
    assert answer.text == f"{do}: the contactor is not open"
    assert tool.running.status.contactor_closed


def test_a_welded_contactor_forbids_everything(tool: Tool) -> None:
    tool.running.charge()
    tool.running.rig.plant.fault("weld")
    tool.running.rig.plant.pause()
    tool.running.until(lambda: not tool.running.status.contactor_commanded)
    assert tool.ask("lamp", "green").text == "lamp: the contactor is not open"


def test_a_car_that_comes_ends_it_at_once(tool: Tool, runtime_dir: Path) -> None:
    running = tool.running
    running.limit_a = 0.0
    running.until(lambda: running.rig.now_s > 0 and running.ticks > 400)  # the self tests of the start
    peer = hello(runtime_dir, "tool")
    peer.say(Request(id="1", owner="safety", do="rcm-test"))
    for _ in range(20):
        running.tick()
    running.rig.plant.plug_in()
    running.until(lambda: running.status.vehicle == "B")
    running.tick()
    assert [answer.text for answer in of(Answer, peer.heard())] == ["rcm-test: stopped, a car came"]
    peer.close()


def test_one_at_a_time(tool: Tool, runtime_dir: Path) -> None:
    peer = hello(runtime_dir, "tool")
    peer.say(Request(id="1", owner="safety", do="lamp", argument="green"))
    tool.running.tick()
    assert tool.ask("lock-pulse").text == "lock-pulse: lamp is not over yet"
    tool.running.until(lambda: bool(of(Answer, peer.heard())))
    peer.close()


def test_a_tool_that_leaves_leaves_nothing_behind(tool: Tool, runtime_dir: Path) -> None:
    peer = hello(runtime_dir, "tool")
    peer.say(Request(id="1", owner="safety", do="lock-pulse"))
    tool.running.tick()
    peer.close()
    tool.running.until(lambda: tool.running.ticks > 300)
    assert tool.running.rig.plant.bolt == 0.0


def test_a_fixed_cable_has_no_lock_and_this_box_no_test_output(
    runtime_dir: Path, log: tuple[int, int]
) -> None:
    running = Running(runtime_dir, Journal(log[1]), box=FIXED_BOX)
    peer = hello(runtime_dir, "tool")
    running.tick()
    peer.heard()
    tool = Tool(running, peer)
    assert tool.ask("lock-pulse").text == "lock-pulse: this box has no cable lock"
    assert "no test output" in tool.ask("rcm-test").text
    peer.close()
    running.close()
