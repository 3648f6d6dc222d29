"""`evse-bridge clear`: a person has looked, and clears what only a person may."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from bridge.cli.asking import asked
from bridge.doctor.wire import Heard, NobodyError, Wire
from bridge.doctor.words import fault_words
from bridge.folders import CommandError
from bridge.local.orders import ClearFaults, Reply
from hal.contract import Fault, FaultRef

CLEARS_WITHIN_S = 5.0
STATUS_WITHIN_S = 3.0


def clear(runtime_dir: Path, sure: Callable[[list[str]], bool]) -> list[str]:
    """Says in lines what came of it. `sure` is shown the faults and says whether somebody has looked.

    Raises CommandError: nobody is there to clear them, or `hal.safety` would not.
    """
    faults = _faults(runtime_dir)
    standing = [fault for fault in faults if fault.clears == "person"]
    if not standing:
        return ["there is no fault that a person must clear", *(_ends(fault) for fault in faults)]
    if not sure([f"{fault.id}: {' → '.join(fault_words(fault))}" for fault in standing]):
        return ["nothing was cleared"]
    refs = tuple(FaultRef(fault.id, fault.occurrence) for fault in standing)
    asked(runtime_dir, ClearFaults(refs), Reply)
    left = {(fault.id, fault.occurrence) for fault in _faults(runtime_dir, until_without=refs)}
    stand_on = [fault.id for fault in standing if (fault.id, fault.occurrence) in left]
    if stand_on:
        raise CommandError(
            f"{', '.join(stand_on)}: hal.safety does not clear a fault while its cause is present"
        )
    return [f"cleared: {', '.join(fault.id for fault in standing)}"]


def _ends(fault: Fault) -> str:
    by = "when the plug is taken out" if fault.clears == "unplug" else "by itself, after its cause"
    return f"{fault.id} ends {by}"


def _faults(runtime_dir: Path, until_without: tuple[FaultRef, ...] = ()) -> tuple[Fault, ...]:
    """Returns those of the first Status, or of the first without any of these, else the last in time."""

    def enough(heard: Heard) -> bool:
        if heard.status is None:
            return False
        return not any(FaultRef(fault.id, fault.occurrence) in until_without for fault in heard.status.faults)

    wire = Wire(runtime_dir)
    try:
        wire.hear(enough, CLEARS_WITHIN_S if until_without else STATUS_WITHIN_S)
    except NobodyError as error:
        raise CommandError(f"{error}. {error.do}") from None
    if wire.heard.status is None:
        raise CommandError("hal.safety does not answer; read its log")
    return wire.heard.status.faults
