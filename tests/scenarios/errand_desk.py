"""The jobs of the pure world: nothing is transferred; the scenario says how an errand ends."""

from __future__ import annotations

from bridge.core.errand import (
    Done,
    Ended,
    Errand,
    Failed,
    Fetch,
    Install,
    NotGenuine,
    Outcome,
    Slot,
    TooOld,
    Upload,
)
from bridge.core.zaptec import is_older

WANTED = "the scenario wants it so"
OUTCOMES: dict[str, tuple[type, Outcome]] = {
    "upload succeeds": (Upload, Done()),
    "upload fails": (Upload, Failed(WANTED)),
    "download": (Fetch, Done()),  # `download VERSION`
    "download fails": (Fetch, Failed(WANTED)),
    "archive is not genuine": (Fetch, NotGenuine(WANTED)),
    "installer succeeds": (Install, Done()),
    "installer succeeds in vain": (Install, Done()),  # what runs afterwards is the old version
    "installer fails": (Install, Failed(WANTED)),
}


class ErrandDesk:
    """One errand of each slot, as the real jobs keep it."""

    def __init__(self) -> None:
        self.installed = "0.1.0.0"  # the version that runs from the next start on
        self._open: dict[Slot, Errand] = {}

    def feed(self, errand: Errand) -> None:
        """A new one ends the one before it."""
        self._open.pop(errand.slot, None)
        if errand.work is not None:
            self._open[errand.slot] = errand

    def drop(self) -> None:
        """The program has ended, and its jobs with it."""
        self._open.clear()

    @property
    def running(self) -> str:
        """In the words of `expect errand`."""
        return " ".join(type(errand.work).__name__.lower() for errand in self._open.values()) or "none"

    def knows(self, verb: str) -> bool:
        """It is about errands."""
        return verb in OUTCOMES

    def ended(self, verb: str, argument: str) -> Ended:
        """Raises ValueError when there is no such errand."""
        kind, outcome = OUTCOMES[verb]
        for errand in self._open.values():
            if isinstance(errand.work, kind):
                if verb == "installer succeeds" and isinstance(errand.work, Install):
                    self.installed = errand.work.version
                del self._open[errand.slot]
                if isinstance(errand.work, Fetch) and argument:
                    outcome = TooOld(argument) if is_older(argument, errand.work.least) else Done(argument)
                return Ended(errand.slot, errand.ticket, outcome)
        raise ValueError(f"there is none: {self.running}")
