"""PURE: what an Answer to a tool's request means for a check."""

from __future__ import annotations

from hal.contract import Answer, Status

_ANOTHER_RUNS = "is not over yet"
# What the programs say when they do not even begin.
_NOT_DONE = (
    _ANOTHER_RUNS,
    "refused",
    "stopped, a car came",
    "not known",
    "no such request",
    "too many requests",
    "the contactor is not open",
    "a car or its cable is there",
    "motor rests for",
    "this box has no",
    "hal.instruments is not connected",
    "role tool",
)


def text_of(answer: Answer) -> str:
    """Returns it without the name of the request, which stands before it."""
    before, colon, after = answer.text.partition(": ")
    return after if colon and " " not in before else answer.text


def was_done(answer: Answer) -> bool:
    """Is False when nothing was tried, so nothing is known."""
    return answer.ok or not any(words in answer.text for words in _NOT_DONE)


def another_runs(answer: Answer) -> bool:
    """Says whether it was not begun because an earlier request is still carried out."""
    return not answer.ok and answer.text.endswith(_ANOTHER_RUNS)


def busy(status: Status) -> str:
    """Says why nothing may be tried at all; empty: the contactor is open."""
    if does_not_open(status):
        return "the contactor reads closed, though nothing commands it"
    how = " (evse-bridge mock unplug-at-car)" if status.mock else ""  # the lock holds the plug in the socket
    return f"the contactor is closed: end the charge first{how}" if contactor_closed(status) else ""


def occupied(status: Status) -> str:
    """Says why nothing may be tried of pilot, lock and RCM; empty: no car, no cable."""
    if why := busy(status):
        return why
    if status.vehicle != "A":
        return f"a car is there: unplug it{' (evse-bridge mock plug-out)' if status.mock else ''}"
    return "a cable is in the socket: unplug it" if status.lock is not None and status.cable_present else ""


def does_not_open(status: Status) -> bool:
    """Says whether the mirror contact reads closed without a command: a weld, or a wrong wire."""
    return status.contactor_closed and not status.contactor_commanded


def contactor_closed(status: Status) -> bool:
    """Says whether it is commanded, or closed by its mirror contact."""
    return status.contactor_commanded or status.contactor_closed
