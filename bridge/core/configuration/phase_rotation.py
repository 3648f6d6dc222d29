"""OCPP 1.6 9.1 ConnectorPhaseRotation: how the wires of the grid stand at the box.

There is one connector, whose rotation is that of the box (connector 0).
"""

from __future__ import annotations

UNKNOWN = "Unknown"
NOT_APPLICABLE = "NotApplicable"  # one phase cannot rotate
# With the number that a Zaptec gives it in its observation PhaseRotation, in a network with neutral.
WIRE_INDEX = {"RST": 4, "STR": 5, "TRS": 6, "RTS": 7, "SRT": 8, "TSR": 9}


def in_both(rotation: str) -> str:
    """Returns the key's value: the same rotation for box and connector."""
    return f"0.{rotation},1.{rotation}"


def rotation_of(value: str) -> str | None:
    """Reads `1.RST` or `0.RST, 1.RST`. None: not a rotation, one connector twice, or two that differ."""
    pairs = [part.strip().partition(".") for part in value.split(",")]
    connectors = sorted(connector for connector, _, _ in pairs)
    rotations = {rotation for _, _, rotation in pairs}
    known = rotations <= {*WIRE_INDEX, UNKNOWN, NOT_APPLICABLE}
    return rotations.pop() if len(rotations) == 1 and known and connectors in (["0", "1"], ["1"]) else None


def phases_of(rotation: str) -> tuple[int, int, int] | None:
    """Returns the phase of the grid, from 0, that feeds L1, L2 and L3 of the box (R, S and T are the grid's
    L1, L2 and L3). None: nobody has said."""
    if rotation not in WIRE_INDEX:
        return None
    first, second, third = ("RST".index(wire) for wire in rotation)
    return (first, second, third)


def fits(rotation: str, phases: int | None) -> bool:
    """Says whether a box of so many phases can be wired so. None: it has not said yet."""
    return phases is None or (rotation == NOT_APPLICABLE) == (phases == 1)


def usual(phases: int | None) -> str:
    """Returns the rotation of a box of which nobody has said more."""
    return {None: UNKNOWN, 1: NOT_APPLICABLE}.get(phases, "RST")
