"""Hands that do what a remedy says, to the pure world, and nothing else.

Owner, driver, operator of the Central System and electrician in one. They stay until the sentence changes,
current flows, or as long as the remedy asks for.
"""

from __future__ import annotations

from bridge.local.orders import ClearFaults, ClearProfiles, SetOwnerLimit
from bridge.local.why import reason as remedies
from bridge.local.why.reason import Reason, Remedy
from hal.contract import FaultRef
from hal.core.plug.lock import UNLOCKS_AGAIN_S
from hal.mock.plant.fault_names import CAR, CONTACTOR, LOCK, PILOT, RCM
from tests.hal.core.provoked import PROVOKED
from tests.scenarios.chaos import Chaos, Event
from tests.scenarios.sentences import sentence

FLOWS_A = 0.5
LOOK_EVERY_S = 0.5
SOON_S = 30.0  # from what was done to what follows: lock, contactor, pilot
PARTS = (CAR, PILOT, CONTACTOR, LOCK, RCM)
LINK_S = 150.0  # BootNotification is repeated after 120 s
COOLING_S = 1800.0
A_CARD = "04AABBCC"


class Hands:
    """Does one remedy at a time."""

    def __init__(self, chaos: Chaos) -> None:
        self._chaos = chaos
        self._world = chaos.world

    def current_flows(self) -> bool:
        """By the plant's own copper, whatever the bridge says."""
        plant = self._world.box.plant
        return plant.contacts_closed and max(plant.current_a) > FLOWS_A

    @property
    def first(self) -> Reason:
        """The sentence that decides."""
        return self._world.look().why[0]

    def start_all(self) -> None:
        """Power and bridge: without them nobody says a sentence."""
        for verb in ("power back", "bridge starts"):
            self._do(verb)
        self._chaos.let_pass(1.0)

    def carry_out(self, reason: Reason) -> bool:
        """Says whether current flows or another sentence is first afterwards."""
        most_s = self._begin(reason.remedy)
        before, end_s = sentence(reason), self._world.now_s + most_s
        while self._world.now_s < end_s:
            self._chaos.let_pass(LOOK_EVERY_S)
            if self._world.bridge is None:
                continue  # it restarts
            if self.current_flows() or sentence(self.first) != before:
                return True
        return False

    def _begin(self, remedy: Remedy) -> float:
        """Does it; returns how long to wait for what follows."""
        match remedy:
            case remedies.Wait(most_s=most_s):
                self._do("trial ends")  # root's part: no trial takes longer than five minutes
                return most_s
            case remedies.PresentCard(id_tag=id_tag):
                self._central_system_answers()
                self._do("card", id_tag or A_CARD)
            case remedies.PlugIn():
                self._plug_in()
            case remedies.PlugInAgain():
                self._central_system_answers()
                self._plug_in_again()
            case remedies.CheckCable():
                self._clear("pp_lost", "pp_short")
                self._plug_in_again()
            case remedies.CarMustAsk():
                self._clear("asleep")
                self._do("car ready")
            case remedies.RestoreLink() | remedies.Register():
                self._restore_link()
                return LINK_S
            case remedies.SetOperative():
                self._call("ChangeAvailability", connectorId=1, type="Operative")
                return LINK_S
            case remedies.ReleaseCable():
                self._call("ChangeConfiguration", key="LockCablePermanently", value="false")
            case _:
                return self._mend(remedy)
        return SOON_S

    def _mend(self, remedy: Remedy) -> float:
        """Does what is about the box itself."""
        match remedy:
            case remedies.SwitchMainsOn():
                self._clear("tripped")
            case remedies.RemoveFault(fault=fault, clears=clears):
                return self._remove_fault(fault, clears)
            case remedies.RaiseLimit(profile_id=int() as profile_id):
                self._world.order(ClearProfiles((profile_id,)))
            case remedies.RaiseOwnLimit():
                self._world.order(SetOwnerLimit(None))
            case remedies.FreeDisk():
                self._do("disk free")
                self._do("disk fast")
            case remedies.StartProgram():
                self._do("safety starts")
                self._do("safety runs on")
            case remedies.ReleaseStopButton():
                self._clear("stop_button", "cut_stop")
            case _:
                raise AssertionError(f"{remedy}: nobody can do that in this world")
        return SOON_S

    def _do(self, verb: str, argument: str = "") -> None:
        self._chaos.happen(Event("do", verb, argument))

    def _call(self, action: str, **payload: object) -> None:
        """The operator asks for it: the link must be there."""
        self._restore_link()
        self._chaos.let_pass(SOON_S)
        self._chaos.happen(Event("call", action, payload=payload))

    def _clear(self, *faults: str) -> None:
        for fault in faults:
            self._do("clear", fault)

    def _restore_link(self) -> None:
        self._central_system_answers()
        self._do("link back")

    def _central_system_answers(self) -> None:
        self._chaos.happen(Event("mood", "answers"))

    def _plug_in(self) -> None:
        self._clear("cp_open")
        if not self._world.box.plant.plugged:
            self._do("car plugs in, ready")

    def _plug_in_again(self) -> None:
        self._unplug()
        self._plug_in()

    def _unplug(self) -> None:
        """The car is gone then; a cable that the lock holds is not."""
        self._do("car leaves")
        if self._world.box.plant.plugged:  # locked: at the car first, as a driver does
            self._do("car unplugs at its side")
            self._chaos.let_pass(15.0)
            self._do("cable is taken out")
        self._chaos.let_pass(3.0)

    def _remove_fault(self, fault: str, clears: str) -> float:
        causes = {one.name for one in PROVOKED[fault]}
        for part in PARTS:  # whoever looks at a part finds all that is wrong with it
            causes |= part.keys() if causes & part.keys() else set()
        causes.discard("tripped")  # that has a sentence of its own
        self._clear(*sorted(causes))
        if "hot" in causes:
            return COOLING_S
        self._chaos.let_pass(2.0)
        if clears == "unplug":
            self._unplug()
            if self._world.box.plant.plugged:  # it did not come out: what does the box say now?
                return SOON_S
            self._plug_in()
        elif fault == "unlock_failed":
            return UNLOCKS_AGAIN_S + SOON_S
        elif clears == "person":
            standing = self._world.look().box.faults
            refs = tuple(FaultRef(each.id, each.occurrence) for each in standing if each.id == fault)
            self._world.order(ClearFaults(refs))
        return SOON_S
