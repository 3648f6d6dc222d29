"""What is left of a life that went wrong: all that was said and done, in order of time, in one file."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.system.programs import Said
from tests.system.world import World


def write(name: str, world: World, done: Iterable[Said], faults: Iterable[str]) -> Path:
    """One file for each name in the folder for temporary files; a former one is replaced."""
    path = Path(tempfile.gettempdir()) / f"chaos {name}.txt".replace(" ", "-")
    lines = sorted((line for line in _lines(world, done)), key=lambda line: line.at_s)
    first_s = lines[0].at_s if lines else 0.0
    told = [f"{line.at_s - first_s:9.3f} {line.text}" for line in lines]
    path.write_text("\n".join([*faults, "", *told]) + "\n")
    return path


def _lines(world: World, done: Iterable[Said]) -> Iterator[Said]:
    yield from done
    yield from world.run.said
    for change in world.truth.changes:
        yield Said(change.at_s, f"WORLD {change.now}")
    for line in world.central_system.transcript:
        text = line.text if isinstance(line.text, str) else line.text.decode(errors="replace")
        yield Said(line.at_s, f"{line.connection}{'>' if line.sender == 'charge point' else '<'} {text}")
