"""OCPP 1.6 4.4, 5.9: one upload of diagnostics at a time, with its tries.

    (none) ──request──▶ Waiting ──due──▶ Uploading ──Uploaded, or no try left──▶ (none)
                           ▲                 │
                           └──UploadFailed───┘

Each try reports Uploading first, and then its result.
"""

from __future__ import annotations

from dataclasses import dataclass

from bridge.core.decisions import Decisions
from bridge.core.errand import Done, Errand, Outcome, Upload
from bridge.core.maintenance.progress import Progress
from bridge.core.now import Now

AFTER_ANSWER_S = 1.0  # a Zaptec answers first and uploads a second later


@dataclass(frozen=True, slots=True)
class Plan:
    """The upload that the Central System asked for."""

    upload: Upload
    retries: int  # further tries after the first
    interval_s: float


@dataclass(frozen=True, slots=True)
class Waiting:
    """Waits for the first try, or the next."""

    plan: Plan
    tries_left: int
    due_s: float
    failed: bool  # a try was made


@dataclass(frozen=True, slots=True)
class Uploading:
    """A try is running."""

    plan: Plan
    tries_left: int  # after this one


class Diagnostics:
    """Runs the present upload; it is not stored, so it ends with the program."""

    def __init__(self, decisions: Decisions) -> None:
        self.progress = Progress("DiagnosticsStatusNotification")
        self._decisions = decisions
        self._state: Waiting | Uploading | None = None
        self._ticket = 0

    @property
    def status(self) -> str:
        """Returns the DiagnosticsStatus of what runs; Idle when nothing does."""
        match self._state:
            case Uploading():
                return "Uploading"
            case Waiting(failed=True):
                return "UploadFailed"
            case _:
                return "Idle"

    def request(self, plan: Plan, now: Now) -> None:
        """Begins an upload; a second request replaces the first."""
        if isinstance(self._state, Uploading):
            self._ticket += 1
            self._decisions.errands.append(Errand("diagnostics", self._ticket, None))
        self._state = Waiting(plan, plan.retries, now.s + AFTER_ANSWER_S, failed=False)

    def step(self, now: Now) -> None:
        """Begins the try that is due."""
        state = self._state
        if not isinstance(state, Waiting) or now.s < state.due_s:
            return
        self._ticket += 1
        self._decisions.errands.append(Errand("diagnostics", self._ticket, state.plan.upload))
        self.progress.report("Uploading")
        self._state = Uploading(state.plan, state.tries_left)

    def ended(self, ticket: int, outcome: Outcome, now: Now) -> None:
        """Reports the outcome; of an errand that was replaced nothing is reported."""
        state = self._state
        if not isinstance(state, Uploading) or ticket != self._ticket:
            return
        if isinstance(outcome, Done):
            self.progress.report("Uploaded")
            self._state = None
            return
        self.progress.report("UploadFailed")
        due_s = now.s + state.plan.interval_s
        again = state.tries_left > 0
        self._state = Waiting(state.plan, state.tries_left - 1, due_s, failed=True) if again else None
