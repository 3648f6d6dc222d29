"""Runs ngspice on a netlist and reads what it measured."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from tests.circuit.deck import CIRCUITS

MISSING = "ngspice is not installed (on Debian: apt-get install ngspice)"
_MEASURED = re.compile(r"^(\w+)\s+=\s+([-+.\deE]+)(?=\s|$)", re.MULTILINE)


class SpiceError(Exception):
    """ngspice could not simulate; the text is its own."""


def installed() -> bool:
    """True where the tests can simulate."""
    return shutil.which("ngspice") is not None


def measured(netlist: str, *, limit_s: float = 300.0) -> dict[str, float]:
    """All results of its `.meas` lines, by name in small letters. Includes are looked for in docs/circuits.

    Raises SpiceError when a result is missing or failed.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "deck.cir"
        path.write_text(netlist, encoding="utf-8")
        run = subprocess.run(
            ["ngspice", "-b", str(path)], cwd=CIRCUITS, capture_output=True, text=True, timeout=limit_s,
            check=False,
        )  # fmt: skip
    found = {name: float(value) for name, value in _MEASURED.findall(run.stdout)}
    wanted = set(re.findall(r"^\.meas tran (\w+)", netlist, re.MULTILINE))
    if missing := wanted - found.keys():
        raise SpiceError(f"no result for {sorted(missing)[:5]}: {run.stderr[-600:]}{run.stdout[-600:]}")
    return found


def netlist(name: str, **parameters: str) -> str:
    """A file of docs/circuits with other values in its `.param` line. Raises SpiceError without that name."""
    text = (CIRCUITS / name).read_text(encoding="utf-8")
    for parameter, value in parameters.items():
        text, count = re.subn(rf"^(\.param .*\b{parameter}=)\S+", rf"\g<1>{value}", text, flags=re.MULTILINE)
        if count != 1:
            raise SpiceError(f"{name} has no .param {parameter}")
    return text
