"""Notes how an update ended: the runtime folder, and with it the answer, is gone at the next boot."""

from __future__ import annotations

import logging
from datetime import UTC, datetime

import msgspec

from bridge.core.maintenance.outcome import Outcome
from bridge.outcome import NAME
from deploy.slots import trees
from deploy.slots.carrying_out import Carrier
from deploy.slots.steps import Trial
from hal.visible import visible

MOST = 1000  # characters

log = logging.getLogger(__name__)


def note(carrier: Carrier, text: str) -> None:
    """Notes it. A disk that refuses hinders no update and no way back."""
    outcome = Outcome(f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}", visible(text, MOST))
    path = carrier.places.slots / NAME
    try:
        trees.replace(carrier.disk, path, msgspec.json.encode(outcome).decode() + "\n")
    except OSError as error:
        log.warning("%s: the outcome cannot be noted: %s", path, error)


def taken_back(trial: Trial | None, why: str) -> str:
    """Says what a way back is, and why."""
    if trial is None:
        return f"failed: nothing was tried: {why}"
    return f"failed: {trial.version} was taken back, {trial.before} runs: {why}"
