"""The pure world: everything from `frames.py` down, `Evse`, plant, store in memory, simulated time."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable

from bridge import compose
from bridge.actor import Actor
from bridge.central_system import events as link
from bridge.central_system.effects import Effects
from bridge.core.calendar import CLOCK, Calendar
from bridge.core.charge_point import ChargePoint
from bridge.core.maintenance.trial import Trial
from bridge.core.now import Now, timestamp
from bridge.effects import Answer, AskRestart, Effect, Log, Say, Write
from bridge.events import End, Event, NotStored, RestartRefused, Stored, Tick
from bridge.local import orders
from bridge.local.orders import Order, Ordered, Reply, SendDataTransfer
from bridge.local.state.state import State
from bridge.store.errors import ChangeError, StoreError
from hal.contract import Wish
from hal.mock.plant.fault_names import HOUSE as HOUSE_FAULTS
from hal.mock.plant.plant import PlantSettings
from tests.bridge.carrier import Carrier
from tests.hal.core.world import CLOSED_TICK_S, OPEN_TICK_S
from tests.scenarios import sentences
from tests.scenarios.box import needed, warm_box
from tests.scenarios.configured import dimming_of, house_of, loads_of, setup_of
from tests.scenarios.door import Door, in_words
from tests.scenarios.errand_desk import ErrandDesk
from tests.scenarios.filling_disk import Disk
from tests.scenarios.pi_clock import BEGINS_S, PiClock
from tests.scenarios.pi_clock import VERBS as CLOCK_VERBS
from tests.scenarios.script import Mode, Scenario
from tests.scenarios.trace import Trace, decided, switched
from tests.scenarios.world import Arrival, Closed, Connected, Restarted, Said

WARM_UP_S = 40.0  # the 30 s without closing after a start of `hal.safety`, and some
BRIDGE_WARM_UP_S = 5.0  # a start is over after 3 s
QUIET_S = 10.0  # after so long without any change the ticks become coarse
COARSE_TICK_S = 0.25
BRIDGE_TICK_S = 0.25
RECONNECT_S = 1.0
RESTART_S = 0.5


class PureWorld(Carrier):
    """A box and its bridge, some seconds after their starts; connected unless `offline`."""

    soon_s = 5.0
    settle_s = 5.0
    expects_at_once = True

    def __init__(self, scenario: Scenario, mode: Mode, database: Disk | None = None) -> None:
        """`database`: a store of the test's own, instead of an empty one."""
        super().__init__()
        self._now_s = BEGINS_S - WARM_UP_S
        self.clock = PiClock(self._now_s, lost=scenario.no_time)
        began_s = self.clock.s
        self.sleep(WARM_UP_S - BRIDGE_WARM_UP_S)
        one_phase = scenario.settings.get("installation.phases") == "1"
        self.box = warm_box(PlantSettings(phases=1 if one_phase else 3), began_s, self.clock.s)
        self.box.house, self.box.dimming_w = house_of(scenario), dimming_of(scenario)
        self.database = database or Disk()
        self.wish: Wish | None = None
        self.said: Callable[[str], None] | None = None  # told of each frame as it leaves
        self.stirred: Callable[[], object] | None = None  # told after each event
        self.bridge: Actor | None = None
        self.errors_of_ours_are_expected = False
        self.errands = ErrandDesk()
        self._setup = setup_of(scenario, mode)
        self._calendar = Calendar(self.clock.boot_id, None)
        self._arrivals: deque[Arrival] = deque()
        self._connected = False
        self._connect_at_s: float | None = None  # None: there is no way to the Central System
        self._way_open = not scenario.offline
        self._door = Door()
        self._told_owner = "nothing"
        self._notes: list[str] = []
        self._restart_at_s: float | None = None
        self._trial = Trial()
        self._before_trial: tuple[str, Disk] | None = None  # the version, and its database
        self._restarts_fail = False  # whoever is to carry out a Reset cannot be asked
        self._bridge_ticked_at_s = float("-inf")
        self._stirred_at_s = self._now_s
        self._start_bridge()
        self._arrivals.clear()
        self._connect_at_s = None
        self._run_until(BEGINS_S)
        if self._way_open:
            self._connect_at_s = self._now_s

    @property
    def now_s(self) -> float:
        return self._now_s

    @property
    def now(self) -> Now:
        """What the bridge takes it for."""
        return self._calendar.now(self.clock.seen)

    @property
    def connected(self) -> bool:
        """There is a link to a Central System."""
        return self._connected

    @property
    def charge_point(self) -> ChargePoint:
        """Of the bridge that runs."""
        assert self.bridge is not None
        return self.bridge.parts.charge_point

    def look(self) -> State:
        """What the owner sees."""
        assert self.bridge is not None
        return self.bridge.look(self.now)

    def utc(self) -> str:
        return timestamp(self.clock.truth)

    def end(self) -> Trace:
        """Tells the bridge to end; what it did, and the box."""
        lines = decided(self._notes), switched(self.box.lines)
        if self.bridge is not None:
            self._end_bridge(orderly=True)
        return Trace(*lines, self.database.contents())

    def close(self) -> None:
        """The store, and the copy of it."""
        self.database.close()
        if self._before_trial is not None:
            self._before_trial[1].close()

    # Time

    def next_arrival(self, within_s: float) -> Arrival | None:
        self._run_until(self._now_s + within_s)
        return self._arrivals.popleft() if self._arrivals else None

    def sleep(self, for_s: float) -> None:
        """So long nobody looks: all clocks go on in one step."""
        self._now_s += for_s
        self.clock.now_s = self._now_s

    def _run_until(self, end_s: float) -> None:
        while not self._arrivals and self._now_s < end_s - 1e-9:
            self._tick(end_s - self._now_s)

    def _tick(self, most_s: float) -> None:
        quiet = self._now_s - self._stirred_at_s > QUIET_S
        usual_s = CLOSED_TICK_S if self.box.closed else OPEN_TICK_S
        dt_s = min(most_s, COARSE_TICK_S if quiet else usual_s)
        self._now_s += dt_s
        self.clock.now_s = self._now_s
        messages = self.box.tick(dt_s, self.wish, self.clock.s)
        if self.box.changed:
            self._stir()
        for message in messages:
            self._feed(message)
        self._look_at_the_clock()

    def _look_at_the_clock(self) -> None:
        if self._restart_at_s is not None and self._now_s >= self._restart_at_s:
            self._start_bridge()
        if self.bridge is None:
            return
        if self._connect_at_s is not None and self._now_s >= self._connect_at_s:
            self._connect()
        if self._now_s - self._bridge_ticked_at_s >= BRIDGE_TICK_S - 1e-9:
            self._bridge_ticked_at_s = self._now_s
            self._feed(Tick())

    def _stir(self) -> None:
        self._stirred_at_s = self._now_s

    # The shell, as `app.py` is one

    @property
    def running(self) -> Actor | None:
        return self.bridge

    def _feed(self, event: Event) -> None:
        """To a bridge that runs; else it is lost."""
        if self.bridge is not None:
            if self.at_disk and self.now.s >= self.at_disk[0][0]:
                self.disk_answers()
            self.tell(event)
            self.carry_out()
            if self.stirred is not None:
                self.stirred()

    @property
    def disk_takes_s(self) -> float:
        return self.database.slow_s

    def carried(self, effect: Effect) -> None:
        match effect:
            case Say(effects=said):
                self._say(said)
            case Wish():
                self._take_wish(effect)
            case Answer(reply=Reply() as reply):
                self._told_owner = " ".join(word for word in (reply.status, reply.data, reply.why) if word)
            case Log(level=level, line=line):
                self._notes.append(line)
                ours = level == "critical" and line.startswith("an error of ours")
                assert self.errors_of_ours_are_expected or not ours, self._notes[-40:]
            case AskRestart(what=what):
                self._restart(what)
            case _:
                pass  # how the link is kept; what systemd shows; that all is done

    def written(self, write: Write) -> Stored | NotStored:
        try:
            self.database.apply(write.changes)
        except StoreError as error:
            if isinstance(error, ChangeError):
                raise
            return NotStored(str(error))
        return Stored()

    def _say(self, effects: Effects) -> None:
        for frame in effects.frames:
            self._take_frame(frame)
        for errand in effects.errands:
            self.errands.feed(errand)
        if effects.reconnect is not None:
            self._reconnect(effects.reconnect.rest_s)

    def _restart(self, what: str) -> None:
        assert self.bridge is not None
        if self._restarts_fail:
            self.tell(RestartRefused())
            return
        self._end_bridge(orderly=True)
        self._restart_at_s = self._now_s + RESTART_S
        if what != "soft":
            self._restart_safety()

    def _restart_safety(self) -> None:
        if self.box.safety_lives:
            self.box.end_safety()
            self.box.start_safety(self.clock.s)

    # The trial of a new version: what root does

    def _do_as_root(self, verb: str, version: str) -> None:
        match verb:
            case "switched":
                self._switch(version)
            case "switched back":
                self._switch_back()
            case "trial begins" | "trial ends":
                self._look_at_trial("0.2.0.0" if verb == "trial begins" else "")
            case _:
                raise ValueError("this world does not know how")

    def _look_at_trial(self, version: str) -> None:
        """The trial file as the bridge finds it; empty: there is none."""
        self._trial = Trial(f"version {version} is on trial" if version else "")
        if not version and self._before_trial is not None:
            self._before_trial[1].close()
            self._before_trial = None
        self._feed(self._trial)

    def _switch(self, version: str) -> None:
        needed(self._before_trial is None, "another version is on trial")
        self._end_programs()
        self._before_trial = self.errands.installed, self.database.copied()
        self.errands.installed = version
        self._look_at_trial(version)

    def _switch_back(self) -> None:
        needed(self._before_trial is not None, "no version is on trial")
        self._end_programs()
        self._take_back()

    def _take_back(self) -> None:
        """As root does before anything starts, also at the boot after a power cut in a trial."""
        if self._before_trial is not None:
            self.database.close()
            self.errands.installed, self.database = self._before_trial
            self._before_trial, self._trial = None, Trial()

    def _end_programs(self) -> None:
        """They start again in a moment."""
        if self.bridge is not None:
            self._end_bridge(orderly=True)
        self._restart_at_s = self._now_s + RESTART_S
        self._restart_safety()

    # The bridge

    def _start_bridge(self) -> None:
        self.errands.drop()
        self.at_disk.clear()
        self._restart_at_s = None
        self._calendar = Calendar(self.clock.boot_id, self.database.remembered().get(CLOCK))
        self.bridge = compose.actor(
            self._setup, self.database, self._calendar, self.errands.installed, self.now
        )
        self.carry_out()  # how the link is to be kept
        self._arrivals.append(Restarted())
        self._feed(self._trial)
        for message in self.box.greeting():
            self._feed(message)
        self._stir()
        self._connect_at_s = self._now_s if self._way_open else None

    def _end_bridge(self, *, orderly: bool) -> None:
        if self.bridge is None:
            raise ValueError("the bridge does not run")
        if orderly:
            self._end_in_order()
            if self._connected:
                self._arrivals.append(Closed())
        self._connected, self._connect_at_s = False, None
        self.bridge = None
        self._stir()

    def _end_in_order(self) -> None:
        """Whatever the disk has is waited for, in no time of this world."""
        assert self.bridge is not None
        self.tell(End())
        self.carry_out()
        while self.at_disk:
            self.disk_answers()

    def _take_wish(self, wish: Wish) -> None:
        self.wish = wish
        if self.stirred is not None:
            self.stirred()

    def _take_frame(self, text: str) -> None:
        if not self._connected:
            raise AssertionError(f"sent without a connection: {text}")
        if self.said is not None:
            self.said(text)
        self._arrivals.append(Said(text))

    # The link

    def send(self, text: str) -> None:
        if self._connected and self.bridge is not None:
            self._feed(link.Received(text))

    def _connect(self) -> None:
        assert self.bridge is not None
        password = self.charge_point.passwords.in_force(self.now)
        if self._door.refuses(password):
            self._connect_at_s = self._now_s + RECONNECT_S
            self._feed(link.Refused(password))
            return
        self._connected, self._connect_at_s = True, None
        self._arrivals.append(Connected())
        self._stir()
        self._feed(link.Opened(password))

    def _disconnect(self) -> None:
        if self._connected and self.bridge is not None:
            self._connected = False
            self._feed(link.Closed("gone"))

    def _reconnect(self, rest_s: float) -> None:
        self._arrivals.append(Closed())
        self._connect_at_s = self._now_s + max(rest_s, RECONNECT_S)
        self._disconnect()

    # What happens

    def do(self, verb: str, argument: str) -> None:
        self._stir()
        plant = self.box.plant
        match verb:
            case "car plugs in, ready" | "car plugs in":
                _refused(plant.plug_in())
                plant.car.paused = verb == "car plugs in"
            case "car ready":
                plant.ready()
            case "car pauses":
                plant.pause()
            case "car leaves":
                _refused(plant.plug_out())
            case "car unplugs at its side":  # the cable stays in the socket: the pilot shows no car
                plant.fault("cp_open")
            case "cable is taken out":
                _refused(plant.plug_out())
                plant.clear("cp_open")
            case "card":
                self._present(argument)
            case "disk full" | "disk free" | "disk slow" | "disk fast":
                self.database.become(verb.removeprefix("disk "))
            case "house" | "sun" | "fault" | "clear":
                self._change_around(verb, argument)
            case _ if self.errands.knows(verb):
                self._end_errand(verb, argument)
            case _ if verb in CLOCK_VERBS:
                self.clock.do(verb, argument)
            case _:
                self._do_to_programs(verb, argument)

    def _change_around(self, verb: str, argument: str) -> None:
        """The house, or something that breaks."""
        plant = self.box.plant
        match verb:
            case "house":
                plant.house.load_a = loads_of(argument)
            case "sun":
                plant.house.solar_w = float(argument)
            case "fault" if argument in HOUSE_FAULTS:
                self.box.wire_faults.add(argument)
            case "clear" if argument in HOUSE_FAULTS:
                self.box.wire_faults.discard(argument)
            case _:
                (plant.fault if verb == "fault" else plant.clear)(argument)

    def _present(self, id_tag: str) -> None:
        card = self.box.card(id_tag, self.clock.s)
        if self.box.safety_lives:
            self._feed(card)

    def _end_errand(self, verb: str, argument: str) -> None:
        ended = self.errands.ended(verb, argument)
        assert self.bridge is not None  # without it there are none
        self._feed(ended)

    def _do_to_programs(self, verb: str, argument: str) -> None:
        match verb:
            case "hangup":
                needed(self._connected, "there is no connection")
                self._connect_at_s = self._now_s + RECONNECT_S
                self._disconnect()
            case "link lost":
                self._way_open, self._connect_at_s = False, None
                self._disconnect()
            case "link back":
                needed(not self._way_open, "the link is not lost")
                self._way_open, self._connect_at_s = True, self._now_s
            case "bridge restarts":
                self._end_bridge(orderly=False)
                self._restart_at_s = self._now_s + RESTART_S
            case "bridge is told to end":
                self._end_bridge(orderly=True)
            case "bridge starts":
                needed(self.box.powered and self.bridge is None, "the bridge runs, or there is no power")
                self._start_bridge()
            case "restarts fail" | "restarts succeed":
                self._restarts_fail = verb == "restarts fail"
            case "power cut":
                needed(self.box.powered, "there is no power")
                self._cut_power()
            case "power back":
                needed(not self.box.powered, "the power is not cut")
                self.clock.boot()
                self.box.restore_power(self.clock.s)
                self._take_back()
                self._start_bridge()
            case _ if self.box.befalls(verb, self.clock.s):
                if verb in ("safety dies", "safety starts", "safety restarts"):
                    self.wish = None  # it was said to the one before
            case _:
                self._do_at_the_door(verb, argument)

    def _do_at_the_door(self, verb: str, argument: str) -> None:
        match verb:
            case "password":
                self._door.opens_for = argument
            case "owner sends DataTransfer" if self.bridge is not None:
                given = json.loads(argument)
                self.order(SendDataTransfer(given["vendorId"], given.get("messageId"), given.get("data")))
            case "owner orders" if self.bridge is not None:
                self.order(orders.order(argument.encode()))
            case _:
                self._do_as_root(verb, argument)

    def order(self, order: Order) -> None:
        """As the owner's command; `seen("owner", "")` is what it is told."""
        self._told_owner = "nothing"
        self._feed(Ordered(1, order))

    def _cut_power(self) -> None:
        if self.bridge is not None:
            self._end_bridge(orderly=False)
        self._restart_at_s = None
        self.box.cut_power()
        self.wish = None

    # What is so

    def seen(self, what: str, name: str) -> str:
        plant, status = self.box.plant, self.box.status
        match what:
            case "contactor":
                return "closed" if plant.contacts_closed else "open"
            case "cable":
                return "locked" if plant.lock_closed else "unlocked"
            case "offer":
                offer = status.pilot_offer if status is not None else "x1"
                return "none" if isinstance(offer, str) else f"{offer:g} A"
            case "lamp":
                return self.wish.lamp if self.wish is not None else ""
            case "errand":
                return self.errands.running
            case _:
                return self._seen_in_bridge(what, name)

    def _seen_in_bridge(self, what: str, name: str) -> str:
        if self.bridge is None:
            return "(no bridge)"
        charge_point = self.charge_point
        if what == "status":
            return charge_point.connector.status(self.now)
        if what == "caps":
            each = charge_point.caps(self.now)
            return ", ".join(f"{cap.name} {cap.limit_a:g} A" for cap in each) or "none"
        if what in ("why", "remedy"):
            return sentences.shown(what, self.look().why[0])
        password = in_words(charge_point.passwords.in_force(self.now))
        told = {"owner": self._told_owner, "password": password}
        return told[what] if what in told else charge_point.configuration.text(name)


def _refused(why: str | None) -> None:
    needed(why is None, why or "")
