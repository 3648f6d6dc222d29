"""What the charge point as a whole is fit for, shared by all that it does."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Service:
    """Holds what the parts of the core say of each other: its owner sets it, they read it."""

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
