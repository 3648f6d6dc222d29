"""Setup by a file of answers: nothing is asked."""

from __future__ import annotations

from bridge.boot import files as boot
from bridge.folders import CommandError, Folders, MisuseError
from bridge.setup import draft as drafts
from bridge.setup import ports
from bridge.setup.answers import Answers
from bridge.setup.dialogue import free_ports, with_meter
from bridge.setup.draft import CHARGE_POINT, Draft
from bridge.setup.route import route
from bridge.setup.steps import REBOOT_FIRST, Options, Steps
from bridge.setup.terminal import Hearer
from hal.found_meters import FoundMeter


class Unattended(Steps):
    """Does what the answers say, or nothing at all."""

    def __init__(self, folders: Folders, options: Options, hearer: Hearer, given: Answers) -> None:
        super().__init__(folders, options, hearer)
        self._given = given

    def run(self) -> int:
        """Goes through all steps. All answers are checked before anything is changed."""
        self._begin()
        conduct = self._given.conduct
        if self._has_units and self._units.is_mock != self._folders.mock and not conduct.leave_mock:
            raise MisuseError(
                f"{self._given.name}: setup.leave_mock = false: this box is "
                f"{'a MOCK' if self._units.is_mock else 'a real'} one; must be true to park what is there"
            )
        draft = self._checked()
        if self._has_units and self._services.active:
            self._stop_programs()
        with self._programs_stopped():
            self._kind()
            if self._boots(draft):
                return REBOOT_FIRST
            if conduct.find_meter and not self._folders.mock:
                draft = self._with_meter(draft)
            self._tried(draft)
            self._write(draft)
            self._start_again = False
        return self._start()

    def _checked(self) -> Draft:
        """Raises MisuseError with every fault."""
        draft, _ = drafts.of_folder(self._folders.config, mock=self._folders.mock)
        if self._units.is_mock != self._folders.mock:
            draft = drafts.new(mock=self._folders.mock)
        draft = self._given.given(draft)
        if faults := list(self._given.faults(draft)):
            raise MisuseError("\n".join(map(str, faults)))
        return draft

    def _kind(self) -> None:
        if self._has_units and self._units.is_mock != self._folders.mock:
            self._start_again = False  # what ran is no more
            for line in self._units.leave() if self._units.is_mock else self._units.enter():
                self._hearer.say(line)
            self._services.reload()
            self._services.disable()

    def _boots(self, draft: Draft) -> bool:
        todo = self._changes(draft)
        if todo is not None and todo[1]:
            if not self._given.conduct.boot_files:
                raise CommandError(
                    f"{todo[1][0].path} lacks lines (evse-bridge doctor), and setup.boot_files = false"
                )
            self._apply(*todo)
        if self._folders.mock or not boot.reboot_is_due(self._root):
            return False
        if self._given.conduct.reboot:
            self._hearer.say("rebooting; the same command goes on after it")
            self._start_again = False  # by the boot
            self._services.reboot()
        else:
            self._hearer.say("a reboot must follow (setup.reboot = false); the same command goes on after it")
        return True

    def _with_meter(self, draft: Draft) -> Draft:
        """Raises CommandError unless exactly one meter was recognised."""
        found: list[tuple[str, FoundMeter]] = []
        for heard in ports.heard(free_ports(self._hearer, self._root / "dev")):
            for line in ports.line_of(heard):
                self._hearer.say(line)
            found += [(heard.port, meter) for meter in heard.meters if meter.models]
        if len(found) != 1:
            raise CommandError(
                f"{len(found) or 'no'} meters were recognised; write [wallbox.meter] without find_meter"
            )
        return self._given.given(with_meter(draft, *found[0]))

    def _tried(self, draft: Draft) -> None:
        if not self._given.conduct.test_central_system:
            return
        checks = route(draft, self._folders.config, self._folders.runtime)
        for check in checks:
            self._hearer.say(f"{check.result}: {check.what}: {check.measured}")
        if any(check.result == "fault" for check in checks):
            raise CommandError(
                f"{draft.value(f'{CHARGE_POINT}.central_system.url')}: not reached; correct it, or set "
                "setup.test_central_system = false"
            )

    def _start(self) -> int:
        if not self._has_units or not self._given.conduct.start:
            self._how_to_start()
            return 0
        self._services.start()
        self._until_started()
        if not self._given.conduct.doctor:
            return 0
        return self._examine()
