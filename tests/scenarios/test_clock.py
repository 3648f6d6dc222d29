"""Clocks that jump or were never set, at every phase of a session: the world's true times are told."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

import pytest

from bridge.core.now import is_dated
from tests.scenarios.answers import UsualAnswers
from tests.scenarios.judge import OpenCall
from tests.scenarios.pure import PureWorld
from tests.scenarios.script import Mode, Payload, Scenario, Tag
from tests.scenarios.world import Said

TAG = "04AABBCC"
UNDATED = re.compile(r'"19\d\d-')
HOUR_S, DAY_S = 3600.0, 86_400.0
JUMPS_S = (3600, -3600, 315_360_000, -315_360_000)  # an hour, ten years
PHASES = ("before plug-in", "authorized", "charging", "suspended", "finishing", "offline", "replay")
KEYS = {"MeterValueSampleInterval": "2", "StopTxnSampledData": "Voltage", "LocalPreAuthorize": "true"}
EXACT = timedelta(seconds=1, milliseconds=1)  # whole seconds are told


class Witness:
    """A Central System that knows the time, and what really happened when."""

    def __init__(self, mode: Mode = "cloud", *, no_time: bool = False, told_off_s: float = 0.0) -> None:
        keys = {**KEYS, "AllowOfflineTxForUnknownId": "true"}
        before = {"central_system.accept_before_registration": "true"}
        scenario = Scenario("clock", "", (), keys=keys, no_time=no_time, offline=no_time, settings=before)
        self.world = PureWorld(scenario, mode)
        self.world.stirred = self._witness
        self.told: list[tuple[str, Payload]] = []
        self.started: dict[int, datetime] = {}  # by the number of the row
        self.stopped: dict[int, datetime] = {}
        self._told_off = timedelta(seconds=told_off_s)
        self._usual = UsualAnswers({TAG: Tag("Accepted")})
        self.let_pass(2.0)

    def _witness(self) -> None:
        for row in self.world.database.rows(1):
            self.started.setdefault(row.row_id, self.world.clock.truth)
            if row.stopped_at is not None:
                self.stopped.setdefault(row.row_id, self.world.clock.truth)

    def do(self, *verbs: str) -> None:
        for verb in verbs:
            if verb == "wait":
                pass
            elif verb.startswith(("card ", "clock -", "clock 3")):
                self.world.do(*verb.split())
            else:
                self.world.do(verb, "")
            self.let_pass(4.0)

    def let_pass(self, for_s: float) -> None:
        end_s = self.world.now_s + for_s
        while (arrival := self.world.next_arrival(max(0.0, end_s - self.world.now_s))) is not None:
            if isinstance(arrival, Said):
                self._hear(arrival.text)

    def _hear(self, text: str) -> None:
        kind, identity, *rest = json.loads(text)
        assert not UNDATED.search(text), f"a time that nobody knew: {text}"
        if kind == 2:
            self.told.append((rest[0], rest[1]))
            now = (self.world.clock.truth + self._told_off).isoformat()
            answer = self._usual.to(OpenCall(identity, rest[0], rest[1], 0.0), now)
            self.world.send(json.dumps([3, identity, answer]))

    def of(self, action: str) -> list[Payload]:
        return [payload for asked, payload in self.told if asked == action]

    def times(self, action: str) -> list[datetime]:
        return [datetime.fromisoformat(payload["timestamp"]) for payload in self.of(action)]

    def sessions(self) -> Iterator[tuple[datetime, list[datetime], datetime]]:
        """Start, values, stop of each, as they were told."""
        for number, (start, stop) in enumerate(
            zip(self.times("StartTransaction"), self.times("StopTransaction"), strict=True), start=1
        ):
            values = [
                datetime.fromisoformat(element["timestamp"])
                for payload in self.of("MeterValues")
                if payload.get("transactionId") == number
                for element in payload["meterValue"]
            ]
            yield start, values, stop


def exact(told: Sequence[datetime], truth: dict[int, datetime]) -> bool:
    return len(told) == len(truth) and all(
        abs(one - truth[number]) < EXACT for number, one in enumerate(told, start=1)
    )


def ordered(witness: Witness) -> bool:
    return all(
        [start, *values, stop] == sorted([start, *values, stop]) for start, values, stop in witness.sessions()
    )


def live(witness: Witness, jumps: dict[str, str]) -> None:
    """One session through all phases; at its phase each jump happens."""
    for phase, verbs in {
        "before plug-in": (),
        "authorized": (f"card {TAG}",),
        "charging": ("car plugs in, ready",),
        "suspended": ("car pauses",),
        "offline": ("link lost", "car ready"),
        "finishing": (f"card {TAG}", "wait", "wait", "wait"),
        "replay": ("link back",),
    }.items():
        witness.do(*verbs)
        if phase in jumps:
            witness.do(jumps[phase])
    witness.do("car leaves")


@pytest.mark.parametrize(("phase", "jump_s"), list(zip(PHASES, JUMPS_S * 2, strict=False)))
def test_a_clock_that_nobody_vouches_for_may_jump_at_any_phase(phase: str, jump_s: int) -> None:
    """The Central System has told the time: nobody looks at the machine's clock."""
    witness = Witness(no_time=True)
    witness.do("link back")
    live(witness, {phase: f"clock {jump_s}"})
    assert exact(witness.times("StartTransaction"), witness.started)
    assert exact(witness.times("StopTransaction"), witness.stopped)
    assert ordered(witness)
    witness.world.close()


@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize("jump_s", JUMPS_S)
def test_a_clock_that_a_time_server_sets_is_followed_and_never_goes_back_in_a_session(
    phase: str, jump_s: int
) -> None:
    witness = Witness()
    live(witness, {phase: f"clock {jump_s}"})
    assert len(list(witness.sessions())) == 1
    assert ordered(witness)
    witness.world.close()


@pytest.mark.parametrize("phase", PHASES)
def test_whenever_time_becomes_known_or_is_lost_all_is_exact(phase: str) -> None:
    """From no time to a time server at any phase: what was before it gets its date too."""
    witness = Witness(no_time=True)
    live(witness, {phase: "time server back"})
    assert exact(witness.times("StartTransaction"), witness.started)
    assert exact(witness.times("StopTransaction"), witness.stopped)
    assert ordered(witness)
    witness.do("clock lost", "bridge restarts")
    live(witness, {})
    assert exact(witness.times("StartTransaction"), witness.started)
    witness.world.close()


def week(witness: Witness, cut_after: int | None = None) -> None:
    """A session each second day, without any time and without a network."""
    for number in range(1, 5):
        witness.do("car plugs in, ready", f"card {TAG}")
        witness.let_pass(10.0)
        if number == cut_after:
            witness.do("power cut", "power back")
            witness.let_pass(40.0)
            witness.do("cable is taken out")
        else:
            witness.do(f"card {TAG}", "wait", "wait", "wait", "car leaves")
        witness.let_pass(40.0)
        skip(witness, 2 * DAY_S - HOUR_S)


def skip(witness: Witness, for_s: float) -> None:
    """Nothing happens: hours go by in one step, of every clock."""
    witness.world.sleep(for_s)
    witness.let_pass(10.0)


@pytest.mark.parametrize("mode", ["cloud", "native"])
def test_a_week_without_battery_time_server_and_network(mode: Mode) -> None:
    witness = Witness(mode, no_time=True)
    week(witness)
    assert witness.told == []
    assert witness.world.database.undated()
    witness.do("link back")
    witness.let_pass(60.0)
    assert len(witness.times("StopTransaction")) == 4
    assert exact(witness.times("StartTransaction"), witness.started)
    assert exact(witness.times("StopTransaction"), witness.stopped)
    assert ordered(witness)
    assert not any(row.time_estimated for row in witness.world.database.rows(10))
    assert witness.world.database.backlog() == 0
    witness.world.close()


def test_a_power_cut_in_that_week_leaves_estimates_that_end_before_it() -> None:
    """What the second boot recorded is exact; the first one ended before it, in its own order."""
    witness = Witness(no_time=True)
    week(witness, cut_after=2)
    booted_at = witness.world.clock.truth - timedelta(seconds=witness.world.clock.s)
    witness.do("link back")
    witness.let_pass(60.0)
    rows = {row.row_id: row for row in witness.world.database.rows(10)}
    assert [rows[number].time_estimated for number in range(1, 5)] == [True] * 2 + [False] * 2
    for number in range(3, 5):
        assert abs(rows[number].started_at - witness.started[number]) < EXACT
        stopped_at = rows[number].stopped_at
        assert stopped_at is not None
        assert abs(stopped_at - witness.stopped[number]) < EXACT
    ends = [row.stopped_at for row in (rows[number] for number in range(1, 3)) if row.stopped_at is not None]
    assert len(ends) == 2
    assert max(ends) < booted_at
    assert rows[2].stop_reason == "PowerLoss"
    assert ends == sorted(ends)
    apart = witness.started[2] - witness.started[1]  # as they were
    assert abs(rows[2].started_at - rows[1].started_at - apart) < EXACT
    assert ordered(witness)
    assert all(is_dated(moment) for moment in witness.times("StartTransaction"))
    witness.world.close()


def test_boots_that_never_knew_the_time_keep_their_order() -> None:
    witness = Witness(no_time=True)
    for _ in range(3):
        witness.do("car plugs in, ready", f"card {TAG}")
        witness.let_pass(10.0)
        witness.do("power cut", "power back")
        witness.let_pass(40.0)
        witness.do("cable is taken out")
    witness.do("link back")
    witness.let_pass(120.0)
    times = [moment for session in witness.sessions() for moment in (session[0], session[2])]
    assert len(times) == 6
    assert times == sorted(times)
    assert all(row.time_estimated for row in witness.world.database.rows(10))
    witness.world.close()


def test_what_a_dated_boot_left_open_ends_with_its_last_value() -> None:
    """The next boot knows no time: the end is estimated, and not in that boot's seconds."""
    witness = Witness()
    witness.do("car plugs in, ready", f"card {TAG}")
    witness.let_pass(130.0)
    witness.do("link lost", "power cut", "clock lost", "power back")
    witness.let_pass(60.0)
    witness.do("link back")
    witness.let_pass(60.0)
    (session,) = witness.sessions()
    assert session[2] == max(session[1])
    assert [row.time_estimated for row in witness.world.database.rows(1)] == [True]
    witness.world.close()
