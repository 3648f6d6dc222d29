"""The life of a pure box whose power is cut again and again, at random moments and at random writes.

The Central System deduplicates nothing. The judge is the car's ledger alone.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

from bridge.core.rows import Remembered
from bridge.core.session import Transaction
from bridge.core.setup import ORDERLY
from tests.chaos.books import CUT, Happened, Verdict, judge, plug_ins_of
from tests.chaos.fickle import Fickle
from tests.chaos.people import People
from tests.chaos.store import WHENS, Armed, CutStore, PowerCut
from tests.chaos.tally import FREE_TAG, Tally, at_write
from tests.scenarios.pure import PureWorld
from tests.scenarios.script import Mode, Scenario
from tests.scenarios.world import Closed, Connected, Restarted, Said

KEYS = {
    "FreeChargingIdTag": FREE_TAG,
    "AllowOfflineTxForUnknownId": "true",
    "MeterValueSampleInterval": "5",
    "TransactionMessageRetryInterval": "5",
    "TransactionMessageAttempts": "3",
    "MinimumStatusDuration": "0",
}
ENERGY_FACTOR = 60.0
CALM_S = 180.0
MOST_VISITS = 200  # for the cuts of one life
BOOT_S = 3.0  # of the time since the power came back; it has registered before, or is offline
JUMPS_S = (3600, -3600, 315_360_000, -315_360_000)  # an hour, ten years
LEADS_TO = {
    "card": "Local",
    "car unplugs at its side": "EVDisconnected",
    "cable is taken out": "EVDisconnected",
}
SOON_AFTER = {  # writes: of the replay, of the mark and of its taking back
    "link back": 12,
    "bridge is told to end": 2,
}


@dataclass(frozen=True, slots=True)
class Told:
    """The outcome of one life."""

    verdict: Verdict
    cuts: int
    answers_destroyed: int  # to StartTransaction and StopTransaction
    story: tuple[str, ...]
    tally: Tally = field(default_factory=Counter)
    unhappened: tuple[str, ...] = ()

    @property
    def faults(self) -> tuple[str, ...]:
        """As many messages are repeated as answers were destroyed."""
        repeated = self.verdict.repeated_starts + self.verdict.repeated_stops
        faults = (*self.verdict.faults, *self.unhappened)
        if repeated == self.answers_destroyed:
            return faults
        return (*faults, f"{repeated} repeated messages for {self.answers_destroyed} destroyed answers")


class CutWorld(PureWorld):
    """Tells whether there is a connection."""

    @property
    def connected(self) -> bool:
        return self._connected


class PureLife:
    """One box and one car. `live` may be called once."""

    def __init__(
        self,
        seed: int,
        mode: Mode = "cloud",
        first_cut: Armed | None = None,
        *,
        clock_jumps: bool = False,
        no_time: bool = False,
        trials: bool = False,
    ) -> None:
        """`first_cut`: at this write, not at a random moment. `clock_jumps`: at any phase of a session.
        `no_time`: nobody knows what time it is until the Central System says so, which is away at first.
        `trials`: now and then a new version is put on trial, between two sessions.
        """
        self._chance = random.Random(seed)
        self._first_cut = first_cut
        self._clock_jumps = clock_jumps
        self._trials = trials
        self._times_say_something = not (clock_jumps or no_time)
        scenario = Scenario("power cuts", "", (), keys=dict(KEYS), no_time=no_time, offline=no_time)
        self._world = CutWorld(scenario, mode, CutStore())
        plant = self._world.box.plant
        plant.settings = replace(plant.settings, energy_factor=ENERGY_FACTOR)
        self._first_wh = plant.energy_wh
        self._tally: Tally = Counter()
        self._central_system = Fickle(self._chance, self, self._tally)
        self._people = People(self._chance, self)
        self._happened: list[Happened] = []
        self._story: list[str] = []
        self._cuts = self._cuts_wanted = 0
        self._cut_at_s: float | None = None
        self._power_back_s = float("-inf")
        self._connections = 0
        self._killed = False  # the bridge that is not there did not end in order

    def live(self, cuts: int, sessions: int = 1) -> Told:
        """Until the power was cut so often and cars came so often; then calm, and the verdict."""
        self._cuts_wanted, visits = cuts, 0
        try:
            while (self._cuts < cuts and visits < MOST_VISITS) or visits < sessions:
                visits += 1
                if self._cuts < cuts:
                    self._arm()
                if self._trials and self._chance.random() < 0.5:
                    self._put_on_trial()
                self._people.visit()
            self._calm_down()
            return self._told(cuts)
        finally:
            self._world.close()

    def _put_on_trial(self) -> None:
        """A car comes and wants to charge meanwhile. The trial ends well, or badly, or with the power."""
        if self._world.bridge is None or isinstance(self._world.charge_point.state, Transaction):
            return  # root waits
        self.do("switched", "0.2.0.0")
        self._people.visit()
        end = self._chance.choice(("trial ends", "switched back"))
        self._tally[f"{end} with {min(2, self._store.backlog())} messages waiting"] += 1
        self.do(end)

    @property
    def _store(self) -> CutStore:
        store = self._world.database
        assert isinstance(store, CutStore)
        return store

    def _told(self, cuts: int) -> Told:
        received = [entry.received_wh for entry in self._world.box.plant.ledger]
        plug_ins = plug_ins_of(received, self._first_wh)
        happened = self._happened if self._times_say_something else None
        central_system = self._central_system
        return Told(
            verdict=judge(central_system.ledger.transactions.values(), plug_ins, happened),
            cuts=self._cuts,
            answers_destroyed=central_system.destroyed,
            story=tuple(self._story),
            tally=self._tally,
            unhappened=() if self._cuts >= cuts else (f"{self._cuts} cuts of {cuts}",),
        )

    def _arm(self) -> None:
        if self._first_cut is not None:
            self._store.armed, self._first_cut = self._first_cut, None
        elif self._store.armed is not None or self._cut_at_s is not None:
            return
        elif self._chance.random() < 0.6:
            self._store.armed = Armed(self._chance.randint(1, 30), self._chance.choice(WHENS))
        else:
            self._cut_at_s = self._world.now_s + self._chance.uniform(0.0, 60.0)

    def _arm_soon(self, probability: float, writes: int) -> None:
        """Within the next writes."""
        if self._cuts < self._cuts_wanted and self._chance.random() < probability:
            self._store.armed = self._store.armed or Armed(
                self._chance.randint(1, writes), self._chance.choice(WHENS)
            )

    def _calm_down(self) -> None:
        self._cuts_wanted = 0
        self._store.armed = self._cut_at_s = None
        self._central_system.be_well()
        for verb in ("power back", "bridge starts", "link back"):
            self.do(verb)
        self.wait(CALM_S)
        self._people.drive_away()
        self.do("bridge restarts")  # with its BootNotification all that was given up is offered again
        self.wait(CALM_S)

    # What people do

    @property
    def plugged(self) -> bool:
        return self._world.box.plant.plugged

    @property
    def newest_transaction(self) -> int:
        return max(self._central_system.ledger.transactions, default=1)

    def do(self, verb: str, argument: str = "") -> None:
        """As the world of the scenarios; not what cannot be."""
        if verb in LEADS_TO:
            self._happens(LEADS_TO[verb])
        if verb in SOON_AFTER:
            self._arm_soon(0.3, SOON_AFTER[verb])
        self._powered(lambda: self._try(verb, argument))
        self.wait(0.0)

    def _try(self, verb: str, argument: str) -> None:
        orderly = verb == "bridge is told to end"
        if verb == "bridge restarts" or orderly:
            if self._world.bridge is None:
                return
            self._killed = not orderly
            self._tally["bridge told to end" if orderly else "bridge killed"] += 1
        self.tell(f"{verb} {argument}".rstrip())
        try:
            self._world.do(verb, argument)
        except ValueError:
            self.tell("(which cannot be)")

    def call(self, action: str, **payload: object) -> None:
        """The Central System asks."""
        if self.connection is not None and action == "RemoteStopTransaction":
            self._happens("Remote")
        if self.connection is not None and action == "Reset":
            self._happens(f"{payload['type']}Reset")
        if action == "SendLocalList" and self._world.box.plant.power_w > 0:
            self._tally["list sent while energy flows"] += 1
        self._central_system.ask(action, payload)
        self.wait(0.0)

    def be_busy(self) -> None:
        self._central_system.be_busy()

    def _happens(self, reason: str) -> None:
        self._happened.append(Happened(datetime.fromisoformat(self._world.utc()), reason))

    # Time

    def wait(self, for_s: float) -> None:
        """Time, answers, and the end of the power."""
        if self._clock_jumps and self._chance.random() < 0.15:
            jump_s = self._chance.choice(JUMPS_S)
            self.tell(f"clock {jump_s}")
            self._world.do("clock", str(jump_s))
        end_s = self._world.now_s + for_s
        while True:
            until_s = end_s if self._cut_at_s is None else min(end_s, self._cut_at_s)
            self._powered(lambda until_s=until_s: self._hear_until(until_s))  # type: ignore[misc]
            if self._cut_at_s is not None and self._world.now_s >= self._cut_at_s - 1e-6:
                self._cut(None)
            if self._world.now_s >= end_s - 1e-6:
                return

    def _hear_until(self, end_s: float) -> None:
        while True:
            due_s = self._central_system.due_s(end_s)
            arrival = self._world.next_arrival(max(0.0, due_s - self._world.now_s))
            match arrival:
                case Connected():
                    self._connections += 1
                case Said(text=text):
                    self._central_system.hear(text)
                case Restarted():
                    self._killed = False
                case Closed():
                    pass
                case None if self._world.now_s >= end_s - 1e-6:
                    return
                case None:
                    self._central_system.answer_late()

    # The link

    @property
    def now_s(self) -> float:
        return self._world.now_s

    def utc(self) -> str:
        return self._world.utc()

    @property
    def connection(self) -> int | None:
        return self._connections if self._world.connected else None

    def tell(self, line: str) -> None:
        self._story.append(f"{self._world.utc()} {line}")

    def send(self, text: str) -> PowerCut | None:
        return self._powered(lambda: self._world.send(text))

    def break_link(self) -> None:
        for verb in ("link lost", "link back"):
            self.do(verb)

    # The power

    def _powered(self, doing: Callable[[], None]) -> PowerCut | None:
        try:
            doing()
        except PowerCut as cut:
            self._cut(cut)
            return cut
        return None

    def _cut(self, cut: PowerCut | None) -> None:
        """At that write, or between two."""
        world, chance = self._world, self._chance
        self._cut_at_s = None
        self._cuts += 1
        self._happens("Reboot" if self._left_in_order(cut) else CUT)
        self._count(cut)
        self.tell(f"POWER CUT{f' at the write of {cut.changes}' if cut is not None else ''}")
        world.do("power cut", "")
        world.database = self._store.after_cut(chance.randint(0, self._store.may_be_lost))
        self._hear_until(world.now_s + chance.choice((0.2, 2.0, 20.0)))  # nobody hears the answers
        self._power_back_s = world.now_s
        self._arm_soon(0.25, writes=10)
        self._powered(lambda: world.do("power back", ""))

    def _left_in_order(self, cut: PowerCut | None) -> bool:
        """The bridge has ended in order, and the next one has not done its first deed: to take that back."""
        for change in cut.changes if cut is not None else ():
            if isinstance(change, Remembered) and change.name == ORDERLY:
                assert cut is not None
                return cut.committed == (change.value is not None)
        return self._world.bridge is None and not self._killed

    def _count(self, cut: PowerCut | None) -> None:
        plant, connected = self._world.box.plant, self._world.connected
        where = {
            "while energy flows": plant.power_w > 0,
            "between sessions": not plant.plugged,
            "offline": not connected,
            "in the boot": self.now_s - self._power_back_s < BOOT_S,
            "in the replay of the outbox": connected
            and self.now_s - self._central_system.heard_of_old_s < 1.0,
            "between an orderly end and the next start": self._left_in_order(cut),
        }
        self._tally.update(f"power cut {name}" for name, so in where.items() if so)
        self._tally.update(at_write(cut) if cut is not None else ())
