"""What was answered so far, kept over a reboot; root's alone, as it may hold a password."""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path
from typing import Any

import msgspec

from bridge.folders import CommandError
from bridge.setup.draft import Draft
from hal import durable
from hal.configuration.file import MOST_BYTES

_NAME = "setup-answers.json"


class _Kept(msgspec.Struct):
    tables: dict[str, dict[str, Any]]
    asked: list[str]
    mock: bool


class Progress:
    """The answers so far. Each is stored at once."""

    def __init__(self, state_dir: Path, draft: Draft) -> None:
        """Takes up what was stored for such a box. What cannot be read is forgotten."""
        self._path = state_dir / _NAME
        self.draft = draft
        self.asked: list[str] = []
        with contextlib.suppress(OSError, ValueError, RecursionError):
            kept = msgspec.json.decode(durable.read(self._path, MOST_BYTES), type=_Kept)
            if kept.mock == draft.mock and kept.tables.keys() == draft.tables.keys():
                self.draft, self.asked = Draft(kept.tables, draft.mock), kept.asked

    def answer(self, key: str, draft: Draft) -> None:
        """Stores the draft with the answer to this question. Raises CommandError."""
        self.draft = draft
        self.asked.append(key)
        kept = {"tables": draft.tables, "asked": self.asked, "mock": draft.mock}
        unfinished = self._path.with_name(f"{_NAME}.new")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            unfinished.unlink(missing_ok=True)
            descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                json.dump(kept, file, default=str)
                file.flush()
                os.fsync(file.fileno())
            durable.put_in_place(unfinished, self._path)
        except OSError as error:
            raise CommandError(
                f"{self._path}: {error.strerror}; free space on its disk, or use sudo"
            ) from None

    def anew(self, draft: Draft) -> Progress:
        """Begins again with that draft."""
        self.forget()
        self.draft, self.asked = draft, []
        return self

    def forget(self) -> None:
        """Removes what was stored: setup is complete."""
        self._path.unlink(missing_ok=True)
