"""A box whose units run the mock wallbox, made a real one, and the reverse. What was there is parked.

Everything is a rename, in an order that a further run goes on with: a mock box stays one until its last part
is parked, and what is brought back takes no place that is taken.
"""

from __future__ import annotations

import contextlib
import itertools
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from bridge.folders import CommandError
from bridge.setup.draft import FILES

Kind = Literal["mock", "real"]
_UNITS = ("evse-safety", "evse-instruments", "evse-bridge", "evse-local")
_CONFIG, _STATE = Path("etc/evse-bridge"), Path("var/lib/evse-bridge")
_PROGRAMS = ("safety", "instruments", "bridge", "local", "mock")  # folders of the state
_ETC = Path("etc/systemd/system")
_SERVICE = "evse-mock.service"
_HANGS = Path("usr/lib/systemd/system.conf.d/90-evse-bridge.conf")  # install-units leaves it out of a mock
_PATTERNS = Path("usr/share/evse-bridge/mock")  # of the package: the two files of a mock box


class MockUnits:
    """The mock parts of the system below `root`."""

    def __init__(self, root: Path) -> None:
        self._root = root

    @property
    def is_mock(self) -> bool:
        """Says whether any unit runs on the mock wallbox."""
        return any(path.exists() for path in self._drop_ins())

    def parts(self) -> list[str]:
        """Lists what is mock, as a person is shown it."""
        own = [path for path in (*self._drop_ins(), *self._services()) if path.exists()]
        kept = list(self._there())
        return [str(path.relative_to(self._root)) for path in (*own, *kept)]

    def leave(self) -> list[str]:
        """Parks configuration and state of the mock box, removes its units, brings a real box back if one is
        parked. Returns what to say. Raises CommandError."""
        said = self._park("mock")
        for path in (*self._services(), *self._drop_ins()):
            with _in_words(path):
                path.unlink(missing_ok=True)
        said += self.bring_back("real")
        if not (self._root / _HANGS).exists():
            said.append(f"/{_HANGS} is missing: run deploy/install-units / of the clone again")
        return said

    def enter(self) -> list[str]:
        """Parks a real box, and lets the units run the mock one. Returns what to say. Raises CommandError."""
        patterns = self._root / _PATTERNS
        try:
            conf, service = (patterns / name for name in ("mock.conf", _SERVICE))
            texts = conf.read_bytes(), service.read_bytes()
        except OSError as error:
            raise CommandError(
                f"{error.filename}: {error.strerror}; install the package, or deploy/install-units / --mock"
            ) from None
        said = self._park("real")
        target = self._root / _ETC / _SERVICE
        for path, text in ((target, texts[1]), *((path, texts[0]) for path in self._drop_ins())):
            with _in_words(path):
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(text)
        return said + self.bring_back("mock")

    def bring_back(self, kind: Kind) -> list[str]:
        """Brings back what was parked, where nothing stands. Returns what to say. Raises CommandError."""
        said = []
        for parked, place in self._places(self._parked(kind)):
            if parked.exists() and not place.exists():
                _move(parked, place)
                said.append(f"{place}: as before")
        return said

    def _park(self, kind: Kind) -> list[str]:
        said = []
        for parked, place in self._places(self._parked(kind)):
            if place.exists():
                free = _unused(parked)
                _move(place, free)
                said.append(f"{place}: kept as {free}")
        return said

    def _parked(self, kind: Kind) -> Path:
        return self._root / _STATE / "parked" / kind

    def _places(self, parked: Path) -> Iterator[tuple[Path, Path]]:
        for name in FILES.values():
            yield parked / name, self._root / _CONFIG / name
        for name in _PROGRAMS:
            yield parked / name, self._root / _STATE / name

    def _there(self) -> Iterator[Path]:
        yield from (place for _, place in self._places(self._parked("mock")) if place.exists())

    def _drop_ins(self) -> list[Path]:
        return [self._root / _ETC / f"{unit}.service.d" / "mock.conf" for unit in _UNITS]

    def _services(self) -> list[Path]:
        return [self._root / _ETC / _SERVICE, self._root / "usr/lib/systemd/system" / _SERVICE]


@contextlib.contextmanager
def _in_words(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror}; use sudo; run setup again to go on") from None


def _move(place: Path, to: Path) -> None:
    """Renames it. The folder of what is parked is made root's alone: it may hold a password."""
    with _in_words(place):
        to.parent.mkdir(parents=True, exist_ok=True)
        if to.parent.name in ("mock", "real"):
            to.parent.chmod(0o700)
        place.rename(to)


def _unused(path: Path) -> Path:
    names = itertools.chain([path], (path.with_name(f"{path.name}.{n}") for n in itertools.count(2)))
    return next(name for name in names if not os.path.lexists(name))
