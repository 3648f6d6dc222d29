"""The child: plays scenarios with one module of the bridge replaced, until one fails.

Standard input: {"module": name, "source": text, "order": [[file, mode], ...]}. Standard output: the scenario
that failed and why, as the last line, or nothing at all.
"""

from __future__ import annotations

import contextlib
import importlib.util
import io
import json
import signal
import sys
from collections.abc import Sequence
from importlib.abc import InspectLoader, MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any, cast

HANG_S = 240  # of one scenario: six times what the longest takes on a busy machine
SCENARIOS = Path(__file__).resolve().parents[1] / "scenarios"


class Hung(BaseException):
    """A scenario came to no end. No `except Exception` of the program may keep it."""


def hung(_number: int, _frame: FrameType | None) -> None:
    """The handler of SIGALRM."""
    raise Hung(f"no end within {HANG_S} s")


class Replaced(MetaPathFinder, InspectLoader):
    """Finds that one module, and gives it the mutant's source. For the first place of `sys.meta_path`."""

    def __init__(self, module: str, source: str) -> None:
        self._module, self._source = module, source

    def find_spec(
        self,
        fullname: str,
        _path: Sequence[str] | None,
        _target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        return importlib.util.spec_from_loader(fullname, self) if fullname == self._module else None

    def get_source(self, _fullname: str) -> str:
        return self._source

    def is_package(self, _fullname: str) -> bool:
        return False


def main() -> None:
    asked: dict[str, Any] = json.loads(sys.stdin.read())
    if asked["module"]:
        sys.meta_path.insert(0, Replaced(asked["module"], asked["source"]))
    signal.signal(signal.SIGALRM, hung)
    for file, mode in asked["order"]:
        why = failure(file, mode)
        if why is not None:
            print(json.dumps([file, mode, why.splitlines()[0][:300] if why else "failed"]))
            return


def failure(file: str, mode: str) -> str | None:
    """Why that scenario fails in the pure world; None: it does not."""
    signal.alarm(HANG_S)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            _play(SCENARIOS / file, mode)
    except (Exception, Hung) as error:  # noqa: BLE001 - a mutant may do anything
        return f"{type(error).__name__}: {error}"
    finally:
        signal.alarm(0)
    return None


def _play(path: Path, mode: str) -> None:
    # Imported here: a mutant may fail in being imported.
    from tests.scenarios.parsing import parse
    from tests.scenarios.player import play
    from tests.scenarios.pure import PureWorld
    from tests.scenarios.script import Mode

    scenario = parse(path.name, path.read_text(encoding="utf-8"))
    world = PureWorld(scenario, cast(Mode, mode))
    try:
        play(scenario, world)
    finally:
        world.close()


if __name__ == "__main__":
    main()
