"""The calendar clock of one box, apart from that of the machine: libfaketime over all its programs.

CLOCK_MONOTONIC stays the machine's, as it does on a box whose clock is set.
"""

from __future__ import annotations

from pathlib import Path

LIBRARY = next(iter(sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))), None)


def missing() -> str | None:
    """Why no clock can jump here; None: it can."""
    return None if LIBRARY is not None else "libfaketime is not installed: apt-get install libfaketime"


class BoxClock:
    """Give `environment` to the programs; `jump` moves their clock from then on."""

    _file: Path

    def __init__(self) -> None:
        self.offset_s = 0

    def environment(self, folder: Path) -> dict[str, str]:
        """Of all programs of the box in this folder."""
        assert LIBRARY is not None, missing()
        self._file = folder / "clock"
        self._write()
        return {
            "LD_PRELOAD": str(LIBRARY),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "NO_FAKE_STAT": "1",
        }

    def jump(self, by_s: int) -> None:
        """Forward, or back when negative."""
        self.offset_s += by_s
        self._write()

    def _write(self) -> None:
        unfinished = self._file.with_suffix(".new")
        unfinished.write_text(f"{self.offset_s:+d}\n")
        unfinished.replace(self._file)
