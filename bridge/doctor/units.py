"""Asks systemd and its journal about one unit. Nothing is changed."""

from __future__ import annotations

import os
import shutil
import subprocess

from bridge.doctor.programs import Unit

_PATIENCE_S = 10.0
_AFTER_THE_END = "safe_outputs:"  # of ExecStopPost: it does not say why the program has ended
_PROPERTIES = "LoadState,ActiveState,Result,NRestarts"


def seen(unit: str, path: str | None = None) -> Unit | None:
    """Returns None where there is no systemd, or no such unit. `path`: where its commands are looked for."""
    path = path or os.environ.get("PATH", os.defpath)
    shown = _printed(path, "systemctl", "show", f"{unit}.service", f"--property={_PROPERTIES}")
    found = dict(line.partition("=")[::2] for line in shown.splitlines())
    if found.get("LoadState") != "loaded":
        return None
    # What systemd itself says about the unit has UNIT=, what the program wrote _SYSTEMD_UNIT=.
    own = f"_SYSTEMD_UNIT={unit}.service"
    lines = _printed(path, "journalctl", own, "--lines=20", "--output=cat", "--no-pager", "--quiet")
    said = [line.strip() for line in lines.splitlines() if not line.startswith(_AFTER_THE_END)]
    restarts = found.get("NRestarts", "")
    return Unit(
        state=found.get("ActiveState", ""),
        result=found.get("Result", ""),
        restarts=int(restarts) if restarts.isdigit() else 0,
        last_line=next(filter(None, reversed(said)), ""),
    )


def _printed(path: str, name: str, *arguments: str) -> str:
    """Returns what it prints; empty when it is not there, fails or hangs."""
    program = shutil.which(name, path=path)
    if program is None:
        return ""
    try:
        done = subprocess.run(
            [program, *arguments],
            capture_output=True,
            check=False,
            timeout=_PATIENCE_S,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.decode(errors="replace")
