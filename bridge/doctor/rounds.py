"""The doctor's rounds: reads, listens and asks, one thing after the other, and has each judged.

Nothing is driven from here: what moves, `hal.safety` moves, and only with the contactor open.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

from bridge import outcome, version
from bridge.doctor import look, programs, reflexes, senses, units
from bridge.doctor.answers import busy, occupied
from bridge.doctor.check import Check, Patient
from bridge.doctor.configuration import Configuration
from bridge.doctor.proc import running_programs
from bridge.doctor.programs import Process, Running
from bridge.doctor.route import Route
from bridge.doctor.soundness import soundness
from bridge.doctor.wire import Heard, NobodyError, Wire
from bridge.doctor.words import on_mock
from bridge.folders import CommandError, Folders, is_folder
from bridge.store import held as holding
from bridge.trial import look as look_at_trial
from hal.contract import Answer, Box, Status

TWO_STATUSES_S = 1.5  # one comes each second: enough for a wish to be renewed in between
LISTENS_S = 5.0
INSTRUMENTS_S = 12.0  # InstrumentBox comes every 10 s
CARD_S = 10
SYSFS_PWM = Path("/sys/class/pwm")


class Person(Protocol):
    """The person in front of the box, if there is one."""

    @property
    def why_absent(self) -> str:
        """Is empty when somebody can be asked and can present a card."""

    def allows(self, what: str) -> bool:
        """Says whether something may move."""

    def saw(self, what: str) -> bool:
        """Asks what only a person can see."""

    def doing(self, doing: str) -> None:
        """Shows what the doctor is at, or what the person should do now."""


class Rounds:
    """One examination. `patient` is complete once `checks` has ended."""

    def __init__(
        self, folders: Folders, person: Person, *, card: bool, ask_bridge: Callable[[Path], str]
    ) -> None:
        """`ask_bridge`: returns the version of the bridge of a runtime folder, or raises CommandError."""
        self._folders = folders
        self._person = person
        self._card = card
        self._ask_bridge = ask_bridge
        self._wire = Wire(folders.runtime, mock=not folders.by_units)
        self._configuration = Configuration(folders)
        self._programs: dict[str, Running] = {}

    @property
    def patient(self) -> Patient:
        """Returns the patient, as far as it is known by now."""
        heard, setup = self._wire.heard, self._configuration.setup
        return Patient(
            mock=self._folders.mock or (heard.box is not None and heard.box.mock),
            software=version.full(),
            box_serial=heard.box.serial if heard.box else None,
            facts=self._configuration.facts or (heard.status.notes if heard.status else ()),
            charge_point=setup.charge_point.id if setup else None,
            central_system=setup.central_system.url if setup else None,
        )

    def checks(self) -> Iterator[Check]:
        """Yields one after the other, as they are found out."""
        for check in self._found():
            yield on_mock(check) if self.patient.mock else check

    def _found(self) -> Iterator[Check]:
        yield from self._configuration.checks()
        self._programs = running_programs(self._folders.runtime)
        yield self._held()
        try:
            yield from self._box()
        except NobodyError as nobody:
            yield from self._silent(nobody)
        yield from soundness(self._folders, self._wire.heard)
        self._person.doing("the way to the Central System")
        status = self._wire.heard.status
        setup, config_dir = self._configuration.setup, self._configuration.folder
        yield from Route(setup, self._programs.get("bridge"), status, config_dir).checks()

    def _silent(self, nobody: NobodyError) -> Iterator[Check]:
        """Yields what systemd and /proc tell of programs that are not heard."""
        safety = self._process("safety")
        do = programs.start_how("safety", by_units=True) if safety.ends_again else nobody.do
        yield programs.safety_silent(str(nobody), do, safety)
        yield programs.unheard(programs.INSTRUMENTS, "instruments", self._process("instruments"))
        yield programs.unheard(programs.BRIDGE, "bridge", self._process("bridge"))

    def _box(self) -> Iterator[Check]:
        """Yields everything that `hal.safety` reports or does. Raises NobodyError."""
        self._person.doing("listening to the programs")
        self._wire.hear(_two_statuses, LISTENS_S)
        self._wire.hear(lambda heard: heard.senses_live, LISTENS_S)
        found, status = self._wire.heard.box, self._wire.heard.status
        if found is None or status is None:
            raise NobodyError(
                "it does not answer", programs.start_how("safety", by_units=self._folders.by_units)
            )
        yield from self._who_answers(found, status)
        yield from self._reflexes()
        yield from self._senses(found)

    # programs

    def _held(self) -> Check:
        folder = self._folders.state_of("bridge")
        if is_folder(folder) and not os.access(folder, os.X_OK):
            why = f"{folder} is closed to this user"
            return programs.HELD.not_checked(why, "Run the doctor with sudo.")
        found = holding.read(folder)
        return programs.held(found.kind, found.why) if found is not None else programs.held("", "")

    def _who_answers(self, found: Box, status: Status) -> Iterator[Check]:
        by_units, process = self._folders.by_units, self._process
        heard = self._wire.heard
        yield programs.safety(found, status, process("safety"), mock=self._folders.mock)
        speaks = heard.senses_live
        yield programs.instruments(speaks=speaks, process=process("instruments"), by_units=by_units)
        yield programs.bridge(heard.statuses, process("bridge"), by_units=by_units)
        versions = programs.Versions(found.software, self._bridge(), version.full(), version.numbers())
        yield programs.versions(versions, by_units=by_units)
        yield programs.trial(look_at_trial(self._folders.runtime))
        yield programs.update(outcome.read(self._folders.state))
        yield programs.real_time(status)

    def _bridge(self) -> str:
        """Asks the bridge for its version; one that cannot be asked is reported already."""
        try:
            return self._ask_bridge(self._folders.runtime)
        except CommandError:
            return ""

    def _process(self, name: str) -> Process:
        """Asks systemd too, where its units run this box."""
        unit = units.seen(programs.UNITS[name]) if self._folders.by_units else None
        return Process(self._programs.get(name), unit)

    # hal.safety

    @property
    def _status(self) -> Status:
        status = self._wire.heard.status
        assert status is not None
        return status

    def _reflexes(self) -> Iterator[Check]:
        yield self._pilot()
        yield self._pwm()
        yield reflexes.proximity(self._status)
        yield self._lock()
        yield self._rcm()
        asked_s = time.monotonic()
        self._wire.hear(lambda heard: _settled(heard, asked_s), LISTENS_S)
        yield reflexes.mirror(self._status)
        yield reflexes.session(self._status)
        yield from reflexes.faults(self._status)
        yield reflexes.would_close(self._status)

    def _pilot(self) -> Check:
        if why := occupied(self._status):
            return reflexes.PILOT.not_checked(why)
        self._person.doing("the pilot shows F for a moment")
        return reflexes.pilot(self._wire.ask("safety", "pilot-self-test"))

    def _pwm(self) -> Check:
        chips = self._folders.runtime / "pwm" if self._status.mock else SYSFS_PWM
        seen = look.pwm(chips)
        if seen is None:
            return reflexes.PWM.not_checked(f"no exported PWM channel in {chips}")
        offer = self._status.pilot_offer
        return reflexes.pwm(seen.period_ns, seen.duty_ns, runs=seen.runs, offer=offer)

    def _lock(self) -> Check:
        if self._status.lock is None:
            return reflexes.LOCK.not_checked("this box has a fixed cable")
        if why := occupied(self._status):
            return reflexes.LOCK.not_checked(why)
        if not self._person.allows("The bolt of the cable lock will move out and in. Keep fingers away."):
            return reflexes.LOCK.not_checked("it would move the bolt", "Allow it: run the doctor with --yes.")
        self._person.doing("the bolt moves out and in")
        return reflexes.lock(self._wire.ask("safety", "lock-pulse"))

    def _rcm(self) -> Check:
        if why := reflexes.rcm_missing(self._status.notes):
            return reflexes.RCM.not_checked(why)
        if why := occupied(self._status):
            return reflexes.RCM.not_checked(why)
        self._person.doing("the residual current monitor tests itself")
        return reflexes.rcm(self._wire.ask("safety", "rcm-test"))

    # hal.instruments

    def _senses(self, found: Box) -> Iterator[Check]:
        self._person.doing("the meter")
        if why := busy(self._status):
            yield senses.METER.not_checked(why)
        else:
            yield senses.meter(self._probed_meter(), look.serial_ports())
        yield from self._readings(found)
        self._person.doing("what hal.instruments reports about itself")
        if not self._wire.hear(lambda heard: heard.instruments is not None, INSTRUMENTS_S):
            yield senses.READER.not_checked("hal.instruments does not answer")
            return
        instruments, temperatures = self._wire.heard.instruments, self._wire.heard.temperatures
        assert instruments is not None
        yield from senses.count(instruments)
        yield from senses.house(instruments)
        yield from self._reader()
        yield self._lamp()
        yield senses.contacts(instruments, temperatures)

    def _probed_meter(self) -> Answer:
        """Asks for the meter, twice at most: one damaged frame on RS-485 is no fault yet."""
        answer = self._wire.ask("instruments", "probe-meter")
        return answer if answer.ok else self._wire.ask("instruments", "probe-meter")

    def _readings(self, found: Box) -> Iterator[Check]:
        began_s = time.monotonic()
        self._wire.hear(
            lambda heard: len([one for one in heard.readings if one.at_s >= began_s]) > 1, LISTENS_S
        )
        readings = self._wire.heard.readings
        fresh = [one for one in readings if one.at_s >= began_s] or readings[-1:]
        yield from senses.readings(fresh, found, self._status, time.monotonic())

    def _reader(self) -> Iterator[Check]:
        instruments = self._wire.heard.instruments
        assert instruments is not None
        yield senses.reader(instruments)
        if instruments.reader is None:
            return
        if why := busy(self._status) or ("" if self._card else "--no-card") or self._person.why_absent:
            yield senses.CARD.not_checked(why)
            return
        how = ": evse-bridge mock swipe 0004AABBCC" if self._status.mock else ""
        self._person.doing(f"PRESENT A CARD NOW, within {CARD_S} s{how}")
        yield senses.card(self._wire.ask("instruments", "probe-reader", str(CARD_S)))

    def _lamp(self) -> Check:
        instruments = self._wire.heard.instruments
        assert instruments is not None
        if known := senses.lamp_lines(instruments):
            return known
        if self._status.mock:
            return senses.LAMP.not_checked("a mock box has no lamp to look at")
        if why := busy(self._status) or self._person.why_absent:
            return senses.LAMP.not_checked(why)
        self._person.doing("LOOK AT THE LAMP: red, green, blue")
        answer = self._wire.ask("safety", "lamp", "test")
        seen = answer.ok and self._person.saw("Did the lamp show red, green and blue, several times?")
        return senses.lamp(answer, seen=seen)


def _two_statuses(heard: Heard) -> bool:
    return bool(heard.statuses) and heard.statuses[-1].at_s - heard.statuses[0].at_s >= TWO_STATUSES_S


def _settled(heard: Heard, since_s: float) -> bool:
    """Says whether what the doctor asked for is over."""
    status = heard.status
    if status is None or status.at_s < since_s or "rcm_tested" in status.withheld_by:
        return False
    return status.lock != "moving" and status.pilot_offer != "F"
