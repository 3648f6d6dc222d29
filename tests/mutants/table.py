"""The table of faults with one cell changed."""

from __future__ import annotations

from tests.hal.core.faults.test_table import CLASS_AND_END
from tests.mutants.mutant import TABLE, Mutant


def _other(name: str, field: str, value: str) -> Mutant:
    """The table with one cell changed at its end."""
    end = "}  # fmt: skip"
    changed = f'KINDS["{name}"] = __import__("dataclasses").replace(KINDS["{name}"], {field}="{value}")'
    test = f"{TABLE}class_and_end_of_every_fault"
    return Mutant(f"{name}: {field} {value}", "faults/table", end, f"{end}\n{changed}", test)


THE_TABLE = [
    mutant
    for name, (severity, clears) in CLASS_AND_END.items()
    for mutant in (
        _other(name, "severity", "report" if severity == "open" else "open"),
        _other(name, "clears", "itself" if clears != "itself" else "unplug"),
    )
]
