"""The state of the charge point as a whole, which all its parts share."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Service:
    """Holds what every part of the core may read; its owner sets it."""

    accepted: bool  # this Central System has accepted us once
    operative: bool  # ChangeAvailability
    online: bool = False  # a registered link
    restarting: bool = False  # a Reset was accepted
    updating: bool = False  # new firmware waits for the end of a transaction, or is being installed
    recorded: bool = True  # the store takes what is decided
    settled: bool = True  # and has taken all of it

    @property
    def writing(self) -> bool:
        """Says whether decisions are on their way to the disk: nothing is read from there meanwhile."""
        return self.recorded and not self.settled

    @property
    def may_start(self) -> bool:
        """Says whether a new authorization is looked at."""
        fit = self.accepted and self.operative and self.recorded
        return fit and not (self.restarting or self.updating)
