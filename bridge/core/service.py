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
    trial: str = ""  # says in words that a new version is on trial; empty: none is
    recorded: bool = True  # the store takes what is decided
    settled: bool = True  # and has taken all of it

    @property
    def writing(self) -> bool:
        """Says whether decisions are on their way to the disk: nothing is read from there meanwhile."""
        return self.recorded and not self.settled

    @property
    def on_trial(self) -> bool:
        """Says whether a new version is on trial: what is stored now may be taken back as a whole."""
        return bool(self.trial)

    @property
    def may_start(self) -> bool:
        """Says whether a new authorization is looked at."""
        return not self.hindrance

    @property
    def hindrance(self) -> str:
        """Says in words why no new authorization is looked at; empty when one is."""
        hindered = {
            "no Central System has accepted this box yet": not self.accepted,
            "the Central System has set the box out of service": not self.operative,
            "the disk cannot be written": not self.recorded,
            "a restart is due": self.restarting,
            "new firmware is being installed": self.updating,
            self.trial: self.on_trial,
        }
        return next((why for why, so in hindered.items() if so), "")
