"""Raises at the entry of a function, without a change to it: what an error of ours there would do."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import CodeType, FrameType

CORE = Path(__file__).resolve().parents[2] / "bridge" / "core"


class BugError(Exception):
    """An error of ours."""


class Raiser:
    """Counts how often each function of `bridge/core` is entered by work that is done in `around`.

    It raises BugError at that entry of `name`, once; with `always`, at that entry and each that follows, once
    in each piece of work. A name is `module.Class.function`.
    """

    def __init__(self, name: str = "", entry: int = 1, *, always: bool = False) -> None:
        self.entered: Counter[str] = Counter()
        self.raised = 0
        self.name, self._entry, self._always = name, entry, always
        self._names: dict[CodeType, str] = {}

    def around(self, work: Callable[[], None]) -> None:
        """Does it. What it raises itself is raised."""
        sys.setprofile(self._called)  # an error in it is raised where it is called, and ends the watch
        try:
            work()
        finally:
            sys.setprofile(None)

    def _called(self, frame: FrameType, event: str, _: object) -> None:
        if event != "call":
            return
        name = self._names.get(frame.f_code)
        if name is None:
            name = self._names[frame.f_code] = _name(frame.f_code)
        if not name:
            return
        self.entered[name] += 1
        if name == self.name and self._is_due(self.entered[name]):
            self.raised += 1
            raise BugError(f"raised in {name}")

    def _is_due(self, entry: int) -> bool:
        return entry == self._entry or (self._always and entry > self._entry)


def _name(code: CodeType) -> str:
    """Empty for what is not of the core."""
    path = Path(code.co_filename)
    return f"{path.stem}.{code.co_qualname}" if path.is_relative_to(CORE) else ""
