"""Reads the machine and changes its boot partition: the file before is kept, and can come back."""

from __future__ import annotations

import contextlib
import difflib
import errno
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bridge.boot import cmdline_txt, config_txt
from bridge.boot.boards import Machine, Seen, machine
from bridge.boot.settings import Wanted
from bridge.folders import CommandError
from hal import durable

CONFIG, CMDLINE = "config.txt", "cmdline.txt"
BEFORE = ".before-evse-bridge"  # the ending of the file as it was
_MOST_BYTES = 1 << 20
_MOST_INCLUDED = 50
_DUE = "run/evse-bridge-reboot"
_FOLDERS = ("boot/firmware", "boot")  # since bookworm; before
_MOVED = "has moved to /boot/firmware"  # in the file that Raspberry Pi OS leaves at the old place


def seen(root: Path) -> Machine:
    """Recognises the machine whose files lie below `root`."""
    tree, etc = (
        root / "sys/firmware/devicetree/base",
        root / "etc",
    )  # Documentation/ABI/testing/sysfs-firmware-ofw
    if not tree.is_dir():
        tree = root / "proc/device-tree"
    return machine(
        Seen(
            model=_bytes(tree / "model").decode("latin-1"),
            revision=_bytes(tree / "system/linux,revision"),
            serial=_bytes(tree / "serial-number").decode("latin-1"),
            overrides=(tree / "__overrides__").is_dir() or (tree / "__symbols__").is_dir(),
            release=_bytes(root / "proc/sys/kernel/osrelease").decode("latin-1"),
            os_release=_bytes(etc / "os-release").decode("utf-8", "replace"),
            rpi_issue=(etc / "rpi-issue").exists(),
        )
    )


def reboot_is_due(root: Path) -> bool:
    """Says whether the boot files were changed since this boot, which has emptied /run."""
    return (root / _DUE).exists()


def note_reboot(root: Path) -> None:
    """Notes that a reboot is due. Raises CommandError."""
    try:
        (root / _DUE).touch()
    except OSError as error:
        raise CommandError(f"{root / _DUE}: {error.strerror}; use sudo") from None


def forget_reboot(root: Path) -> None:
    """Notes that the boot files are again as at this boot."""
    (root / _DUE).unlink(missing_ok=True)


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


@dataclass(frozen=True, slots=True)
class Change:
    """A file of the boot partition that is to become another."""

    path: Path
    before: str
    after: str

    @property
    def diff(self) -> list[str]:
        """Shows it, a line each."""
        old, new = self.before.splitlines(), self.after.splitlines()
        return list(difflib.unified_diff(old, new, str(self.path), f"{self.path} (new)", lineterm="", n=2))


class BootFiles:
    """config.txt and cmdline.txt of the boot partition below `root`."""

    def __init__(self, root: Path) -> None:
        """Looks for them. Raises CommandError when they are not there."""
        for name in _FOLDERS:
            self.folder = root / name
            if (self.folder / CONFIG).is_file() and _MOVED not in self._begins():
                return
        raise CommandError(
            f"there is no {CONFIG} in /boot/firmware or /boot; is the boot partition mounted? "
            "`mount /boot/firmware`, then run setup again"
        )

    def _begins(self) -> str:
        try:
            return self.text(CONFIG)
        except CommandError:  # whoever reads it next says why
            return ""

    def text(self, name: str) -> str:
        """Reads one, byte for character; empty: it is not there. Raises CommandError."""
        try:
            return durable.read(self.folder / name, _MOST_BYTES).decode("latin-1")
        except FileNotFoundError:
            return ""
        except OSError as error:
            raise _refused(self.folder / name, error) from None

    def included(self) -> dict[str, str]:
        """Reads the files that config.txt includes, and those that they include, by the names in their lines.
        One that is not there, or cannot be read, is absent. Raises CommandError for config.txt itself."""
        found: dict[str, str] = {}
        names = config_txt.included(self.text(CONFIG))
        while names:
            name = names.pop()
            path = self.folder / name.lstrip("/")
            with contextlib.suppress(OSError):
                if name not in found and path.is_file() and not path.samefile(self.folder / CONFIG):
                    found[name] = durable.read(path, _MOST_BYTES).decode("latin-1")
                    names += config_txt.included(found[name])
            if len(found) > _MOST_INCLUDED:
                raise CommandError(
                    f"{self.folder / CONFIG} includes more than {_MOST_INCLUDED} files: setup cannot say "
                    "what counts; put their lines into fewer files, run setup again"
                )
        return found

    def read(self, filters: frozenset[str]) -> config_txt.Boot:
        """Reads what counts on a board with these model filters. Raises CommandError."""
        return config_txt.read(self.text(CONFIG), filters, self.included())

    def changes(self, filters: frozenset[str], wanted: tuple[Wanted, ...], *, uart: bool) -> list[Change]:
        """Lists what is to be changed; `uart`: no console may use the UART of the header. Raises CommandError
        for what stands in the way in a file that is not ours to change."""
        config, cmdline = self.text(CONFIG), self.text(CMDLINE)
        lines, others = [one.line for one in wanted], self.included()
        for overlay in config_txt.in_the_way(config_txt.read(config, filters, others), lines):
            if overlay.file:
                raise CommandError(
                    f"{self.folder / overlay.file}, which {CONFIG} includes, has {overlay}: it uses the PWM "
                    "of the control pilot. setup changes no included file: remove that line, run setup again"
                )
        after = {CONFIG: config_txt.edited(config, filters, lines, others), CMDLINE: cmdline}
        if uart:
            after[CMDLINE] = cmdline_txt.without_consoles(cmdline)
        return list(self._changes({CONFIG: config, CMDLINE: cmdline}, after))

    def undoing(self) -> list[Change]:
        """Lists what `setup --undo` changes: what others wrote since stays."""
        config, cmdline = self.text(CONFIG), self.text(CMDLINE)
        after = {
            CONFIG: _undone(config, self._before(CONFIG), config_txt.without_ours),
            CMDLINE: cmdline_txt.with_consoles_of(cmdline, self._before(CMDLINE) or cmdline),
        }
        return list(self._changes({CONFIG: config, CMDLINE: cmdline}, after))

    def _changes(self, before: dict[str, str], after: dict[str, str]) -> Iterator[Change]:
        for name, text in before.items():
            if after[name] != text:
                yield Change(self.folder / name, text, after[name])

    def apply(self, changes: list[Change]) -> None:
        """Keeps the file before, then writes the new one. A power cut leaves the old or the new one.

        Raises CommandError; what is already changed stays so.
        """
        for change in changes:
            before = self._before(change.path.name)
            if change.path.name == CMDLINE:
                current = before is not None and cmdline_txt.without_consoles(before) == change.after
            else:
                ours = config_txt.without_ours
                current = before is not None and ours(before) == ours(change.before)
            if not current:
                self._write(_kept(change.path), change.before)
            self._write(change.path, change.after)

    def undo(self, changes: list[Change]) -> None:
        """Writes the files as before, then forgets those that were kept. Raises CommandError."""
        for change in changes:
            self._write(change.path, change.after)
        for name in (CONFIG, CMDLINE):
            with contextlib.suppress(FileNotFoundError):
                _kept(self.folder / name).unlink()

    def _before(self, name: str) -> str | None:
        kept = _kept(self.folder / name)
        return self.text(kept.name) if kept.exists() else None

    def _write(self, path: Path, text: str) -> None:
        try:
            if len(text) > _MOST_BYTES:  # else `--undo` could not read it
                why = f"would have {len(text)} bytes, must have {_MOST_BYTES} at most"
                raise OSError(errno.EFBIG, why)
            durable.write(path, text.encode("latin-1"))
        except OSError as error:
            with contextlib.suppress(OSError):
                path.with_name(f"{path.name}.new").unlink()
            raise _refused(path, error) from None


def _undone(text: str, before: str | None, ours: Callable[[str], str]) -> str:
    """Returns the file before, byte for byte, unless others have changed it since."""
    if before is not None and ours(before) == ours(text):
        return before
    return ours(text)


def _kept(path: Path) -> Path:
    return path.with_name(path.name + BEFORE)


def _refused(path: Path, error: OSError) -> CommandError:
    """Says why the boot partition takes nothing, and what to do."""
    match error.errno:
        case errno.EROFS:
            do = f"it is mounted read-only: `sudo mount -o remount,rw {path.parent}`"
        case errno.ENOSPC:
            do = f"the boot partition is full: remove old kernels or files from {path.parent}"
        case errno.EACCES | errno.EPERM:
            do = "use sudo"
        case errno.EFBIG | errno.EINVAL | errno.EISDIR:
            do = "move it away, or put the right file there"
        case _:
            do = "look at the card: `sudo dmesg | tail`"
    return CommandError(f"{path}: {error.strerror}; {do}; nothing else was changed")
