"""Setup with a person at a terminal."""

from __future__ import annotations

from bridge.boot import files as boot
from bridge.doctor.wire import NobodyError, Wire
from bridge.folders import CommandError, Folders
from bridge.setup import draft as drafts
from bridge.setup.dialogue import Dialogue, Seen
from bridge.setup.draft import Draft
from bridge.setup.progress import Progress
from bridge.setup.steps import REBOOT_FIRST, Options, Steps
from bridge.setup.terminal import Person

_CARD_S = 10


class Attended(Steps):
    """Asks, shows each change, and goes on where it was stopped."""

    def __init__(self, folders: Folders, options: Options, person: Person) -> None:
        super().__init__(folders, options, person)
        self._person = person

    def run(self) -> int:
        """Goes through all steps."""
        machine = self._begin()
        self._stop()
        with self._programs_stopped():
            self._kind()
            draft, _ = drafts.of_folder(self._folders.config, mock=self._folders.mock)
            progress = Progress(self._folders.state, draft)
            if progress.asked and not self._person.agrees("Go on where setup was stopped?", default=True):
                progress = progress.anew(draft)
            dialogue = Dialogue(self._person, progress, Seen(machine, self._root / "dev"), self._folders)
            dialogue.wiring()
            if self._boots(dialogue.draft):
                return REBOOT_FIRST
            dialogue.rest()
            self._write(dialogue.draft)
            progress.forget()
            self._start_again = False
        return self._start()

    def _stop(self) -> None:
        """Stops the programs, which use the serial ports. Raises CommandError."""
        if not self._has_units or not self._services.active:
            return
        if not self._person.agrees("The box runs. Stop it for the time of setup?", default=True):
            raise CommandError(
                "setup needs the serial ports that the running programs use; nothing was changed"
            )
        self._stop_programs()

    def _kind(self) -> None:
        """Makes a mock box a real one, or the reverse, if that is what was asked for."""
        if not self._has_units or self._units.is_mock == self._folders.mock:
            if self._folders.by_units:
                for line in self._units.bring_back("mock" if self._folders.mock else "real"):
                    self._person.say(line)
            return
        if self._units.is_mock:
            self._person.say("This box is a MOCK one:")
            for part in self._units.parts():
                self._person.say(f"  {part}")
            question = "Make it a real box? What is mock is parked, not lost"
        else:
            question = "Let this box run the MOCK wallbox? Configuration and state of the real one are parked"
        if not self._person.agrees(question, default=False):
            raise CommandError("nothing was changed")
        self._start_again = False  # what ran is no more
        for line in self._units.leave() if self._units.is_mock else self._units.enter():
            self._person.say(line)
        self._services.reload()
        self._services.disable()

    def _boots(self, draft: Draft) -> bool:
        """Changes the boot files if need be; says whether setup ends here, for a reboot."""
        todo = self._changes(draft)
        if todo is not None and todo[1]:
            for change in todo[1]:
                for line in change.diff:
                    self._person.say(line)
            if not self._person.agrees("Make this change?", default=True):
                raise CommandError("without these lines the box cannot work; nothing was changed")
            self._apply(*todo)
        if self._folders.mock or not boot.reboot_is_due(self._root):
            return False
        if self._person.agrees(
            "A reboot must follow; after it run evse-bridge setup again. Reboot now?", default=True
        ):
            self._start_again = False  # by the boot
            self._services.reboot()
        else:
            self._person.say("sudo reboot, then sudo evse-bridge setup goes on here")
        return True

    def _start(self) -> int:
        if not self._has_units:
            self._how_to_start()
            return 0
        if not self._person.agrees("Start the box now, and at every boot?", default=True):
            self._how_to_start()
            return 0
        self._services.start()
        if self._until_started() and self._person.agrees("Try a card?", default=True):
            self._card()
        return self._examine()

    def _card(self) -> None:
        sudo = "sudo " * self._folders.by_units
        how = f" (in another terminal: {sudo}evse-bridge mock swipe 0004AABBCC)" * self._folders.mock
        self._person.say(f"Present a card now, within {_CARD_S} s{how}")
        try:
            answer = Wire(self._folders.runtime).ask("instruments", "probe-reader", str(_CARD_S))
        except NobodyError as nobody:
            self._person.say(f"  {nobody}")
            return
        self._person.say(f"  {answer.text}")
        if answer.ok:
            self._person.say(
                "  The box has no list of cards of its own: enter this number at the Central System"
            )
