"""The questions at the terminal: each answer is checked at once, and stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bridge.boot.boards import Machine
from bridge.boot.settings import HEADER_UARTS
from bridge.doctor.check import Check
from bridge.folders import Folders
from bridge.setup import ports, questions
from bridge.setup.draft import NONE, Draft
from bridge.setup.progress import Progress
from bridge.setup.questions import Question
from bridge.setup.route import route
from bridge.setup.terminal import Hearer, Person
from hal.found_meters import FoundMeter

_HEADER = HEADER_UARTS[1]  # /dev/ttyAMA0: on every board, once config.txt is right
_URL = "charge-point.central_system.url"
MODELS_MANY = 2


@dataclass(frozen=True, slots=True)
class Seen:
    """The machine, and the folder of its serial ports."""

    machine: Machine
    dev: Path


class Dialogue:
    """Asks what is not answered yet."""

    def __init__(self, person: Person, progress: Progress, seen: Seen, folders: Folders) -> None:
        """`folders`: of the box that is set up; another may run on this machine."""
        self._person = person
        self._dev = seen.dev
        self._folders = folders
        self._progress = progress
        self._machine = seen.machine

    @property
    def draft(self) -> Draft:
        """Returns the draft with all answers so far."""
        return self._progress.draft

    def wiring(self) -> None:
        """Asks what decides about config.txt."""
        self._ask(*questions.box())
        if not self._asked("wiring"):
            self._pins()
        if not self.draft.mock and not self._asked("header"):
            self._header()

    def rest(self) -> None:
        """Asks for all else."""
        if not self.draft.mock:
            if not self._asked("meter"):
                self._meter()
            self._ask(questions.READER, questions.READER_PORT)
            self._thermometer()
        self._ask(*questions.charge_point(self._machine.board, self._machine.serial))
        if not self._asked("route"):
            self._route()

    def _asked(self, what: str) -> bool:
        return what in self._progress.asked

    def _ask(self, *asked: Question) -> None:
        for question in asked:
            if not self._asked(question.key) and question.asked(self.draft):
                self._until_right(question)

    def _until_right(self, question: Question) -> None:
        secret = question.kind == "secret"
        while True:
            default = question.default(self.draft)
            shown = None if default is None else questions.shown(default)
            hint = f" (Enter: {'none' if default == NONE else 'the one it has'})" * secret
            said = self._person.ask(f"{question.text}{hint}", shown, secret=secret)
            same = default is not None and said == shown
            value = default if same and default != NONE else question.value(said)
            draft = question.answered(self.draft, value)
            faults = draft.faults_of(question.key)
            if not faults:
                self._progress.answer(question.key, draft)
                return
            for fault in faults:
                self._person.say(f"  {'' if secret else f'{said}: '}{fault.message}")

    def _pins(self) -> None:
        if questions.wired_as_shown(self.draft):
            self._person.say("The wiring of docs/wiring.md:")
            for line in questions.wiring_lines(self.draft):
                self._person.say(line)
            as_shown = self._person.agrees("Is your box wired like this?", default=True)
        else:
            as_shown = False
        if not as_shown:
            self._ask(*questions.pins())
        self._progress.answer("wiring", self.draft)

    def _header(self) -> None:
        allowed = ("reader", "meter", NONE)
        while (said := self._person.ask(questions.HEADER, NONE).lower()) not in allowed:
            self._person.say(f"  {said}: must be reader, meter or none")
        draft = self.draft
        if said != NONE:
            draft = draft.given(f"wallbox.{said}.port", _HEADER)
        self._progress.answer("header", draft)

    def _thermometer(self) -> None:
        if self._asked("thermometer"):
            return
        there = self._person.agrees(
            questions.THERMOMETER, default=self.draft.value("wallbox.temperature") is not None
        )
        present = self.draft.value("wallbox.temperature") or {}
        self._progress.answer(
            "thermometer", self.draft.given("wallbox.temperature", present if there else None)
        )

    # the meter

    def _meter(self) -> None:
        found = self._searched()
        if found is None:
            self._ask(*questions.meter())
        else:
            port, meter = found
            model = Question("wallbox.meter.model", "Its make, as the label says", usual=meter.models[0])
            draft = with_meter(self.draft, port, meter)
            self._progress.answer("found", draft)
            if len(meter.models) >= MODELS_MANY:
                self._person.say(f"  it answers as any of these: {', '.join(meter.models)}")
                self._ask(model)
        self._progress.answer("meter", self.draft)

    def _searched(self) -> tuple[str, FoundMeter] | None:
        free = list(free_ports(self._person, self._dev))
        if not free or not self._person.agrees(
            f"Search for the energy meter at {len(free)} serial ports? At most a minute each", default=True
        ):
            return None
        found = []
        for port in ports.heard(free):
            for line in ports.line_of(port):
                self._person.say(f"  {line}")
            found += [(port.port, meter) for meter in port.meters if meter.models]
        if len(found) == 1:
            return found[0]
        self._person.say(f"  {len(found) or 'no'} meters were recognised: say yourself which it is")
        return None

    # the Central System

    def _route(self) -> None:
        while True:
            checks = route(self.draft, self._folders.config, self._folders.runtime)
            self._show(checks)
            if not any(check.result == "fault" for check in checks):
                break
            if self._person.agrees("Keep this address all the same?", default=False):
                break
            url = next(one for one in questions.charge_point(None, "") if one.key == _URL)
            self._until_right(url)
        self._progress.answer("route", self.draft)

    def _show(self, checks: Sequence[Check]) -> None:
        for check in checks:
            self._person.say(f"  {check.result}: {check.what}: {check.measured}")
            if check.do:
                self._person.say(f"    {check.do}")


def free_ports(hearer: Hearer, dev: Path) -> list[str]:
    """Lists the ports that nobody uses, and says who uses the others."""
    free = []
    for port in ports.there(dev):
        if user := ports.user_of(port):
            hearer.say(f"  {port}: in use by {user}; stop it to have this port searched")
        else:
            free.append(port)
    return free


def with_meter(draft: Draft, port: str, meter: FoundMeter) -> Draft:
    """Returns the draft with the meter that was found."""
    found = {
        "model": meter.models[0],
        "port": port,
        "unit": meter.unit,
        "baud": meter.baud,
        "parity": meter.parity,
        "stop_bits": meter.stop_bits,
    }
    return draft.over({"wallbox": {"meter": found}})
