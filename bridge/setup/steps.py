"""The steps that setup has with a person and without one."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from bridge.boot import files as boot
from bridge.boot.boards import KNOWN_BOARDS, Machine
from bridge.boot.settings import wanted, wiring
from bridge.doctor import command as doctors
from bridge.doctor.wire import NobodyError, Wire
from bridge.folders import CommandError, Folders, MisuseError
from bridge.setup import draft as drafts
from bridge.setup.draft import FILES, WALLBOX, Draft
from bridge.setup.mock_units import MockUnits
from bridge.setup.services import Services
from bridge.setup.terminal import Hearer

REBOOT_FIRST = 3  # exit code: the boot files were changed; setup goes on after a reboot
_STARTS_S = 30.0  # until the programs answer; a Zero 2 W needs 10 s


@dataclass(frozen=True, slots=True)
class Options:
    """The options of the command. `root`: below it lies the system, as a test gives a folder."""

    ask_bridge: Callable[[Path], str]  # as the doctor's
    answers: Path | None = None
    undo: bool = False
    root: Path = Path("/")
    services: Services = field(default_factory=lambda: Services(Path("/")))


class Steps:
    """What both ways of setup have in common."""

    def __init__(self, folders: Folders, options: Options, hearer: Hearer) -> None:
        self._folders = folders
        self._options = options
        self._root = options.root
        self._services = options.services
        self._hearer = hearer
        self._units = MockUnits(options.root)
        self._machine = boot.seen(options.root)
        self._start_again = False  # what was stopped

    @property
    def _has_units(self) -> bool:
        return self._folders.by_units and self._services.installed

    def _stop_programs(self) -> None:
        """Stops them. Raises CommandError while a car charges."""
        self._services.stop(self._folders)
        self._start_again = True

    @contextlib.contextmanager
    def _programs_stopped(self) -> Iterator[None]:
        """Starts them again at the end, however it comes, unless `_start_again` was taken back."""
        try:
            yield
        finally:
            if self._start_again:
                self._services.start_again()

    def _begin(self) -> Machine:
        """Says what the machine is. Raises CommandError when no wallbox can be on it."""
        self._hearer.say(self._machine.words)
        if self._machine.board is None and not self._folders.mock:
            raise CommandError(
                f"a wallbox needs a {KNOWN_BOARDS}; on this machine only the mock one runs: "
                "evse-bridge setup --mock"
            )
        return self._machine

    def _changes(self, draft: Draft) -> tuple[boot.BootFiles, list[boot.Change]] | None:
        """Lists what must change in the boot files; None: this box has none, or its kernel reads none."""
        board = self._machine.board
        if self._folders.mock or board is None:
            return None
        if self._machine.kernel == "debian":
            self._hearer.say(
                "Debian's own kernel reads no dtparam and no dtoverlay: SPI, PWM and UART must be in its "
                "device tree, as in our image; evse-bridge doctor looks at what came of it"
            )
            return None
        files, wires = boot.BootFiles(self._root), wiring(draft.tables[WALLBOX])
        read = files.included()
        for name in files.read(board.filters).included:
            what = (
                "it is read, and never changed"
                if name in read
                else "there is no such file, or it cannot be read"
            )
            self._hearer.say(f"config.txt includes {name}: {what}")
        return files, files.changes(board.filters, wanted(board, wires), uart=wires.header_uart)

    def _apply(self, files: boot.BootFiles, changes: list[boot.Change]) -> None:
        files.apply(changes)
        boot.note_reboot(self._root)
        self._hearer.say(
            f"config.txt and cmdline.txt are changed; the files before: {files.folder}/*{boot.BEFORE}; "
            "back: sudo evse-bridge setup --undo"
        )

    def _write(self, draft: Draft) -> None:
        """Writes what differs, both or neither at fault. Raises MisuseError with every fault."""
        before, there = drafts.of_folder(self._folders.config, mock=self._folders.mock)
        faults = [str(fault) for name in FILES for fault in draft.report(name).faults]
        if faults:
            raise MisuseError("\n".join(faults))
        names = [name for name in FILES if name not in there or draft.differs_from(before, name)]
        for line in drafts.write(draft, self._folders.config, names):
            self._hearer.say(line)

    def _until_started(self) -> bool:
        self._hearer.say("waiting for the programs to start")
        wire, until_s = Wire(self._folders.runtime), time.monotonic() + _STARTS_S
        while time.monotonic() < until_s:
            try:
                if wire.hear(lambda heard: heard.senses_live, 5.0):
                    return True
            except NobodyError:
                time.sleep(0.5)
        return False

    def _examine(self) -> int:
        """Ends with the doctor, who has no card to ask for, and says what comes next."""
        code = doctors.run(self._folders, doctors.Options(self._options.ask_bridge, card=False))
        mock = " --mock" * self._folders.mock
        if code == 0:
            first = "evse-bridge mock plug-in, then evse-bridge mock swipe 0004AABBCC" if mock else ""
            how = first or "plug in the car and present a card that the Central System accepts"
            self._hearer.say(f"Next: {how}; evse-bridge status{mock} shows what the box does")
        else:
            self._hearer.say(f"Next: mend the faults above, then look again: evse-bridge doctor{mock}")
        return code

    def _how_to_start(self) -> None:
        mock = " --mock" * self._folders.mock
        how = (
            "sudo systemctl enable --now evse-bridge.target" if self._has_units else f"evse-bridge run{mock}"
        )
        self._hearer.say(f"The box is ready to start: {how}; then evse-bridge doctor{mock}")
