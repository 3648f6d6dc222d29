"""The README names scenarios as proof: they must be there."""

from __future__ import annotations

from pathlib import Path

from bridge.core.configuration import known_keys

ROOT = Path(__file__).parent.parent
SCENARIOS = ROOT / "tests" / "scenarios"


def table(file: str, heading: str) -> list[list[str]]:
    """The cells of the table below the line that begins with `heading`."""
    lines = (ROOT / file).read_text(encoding="utf-8").splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith(heading)) + 2
    rows: list[list[str]] = []
    for line in lines[start:]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split("|")])
    return rows


def named_scenarios(cell: str) -> list[Path]:
    """A name without a folder is in the folder of the name before it."""
    folder, paths = "", []
    for part in cell.split("`")[1::2]:
        *named, name = part.split("/")
        folder = named[0] if named else folder
        paths.append(SCENARIOS / folder / f"{name}.scenario")
    return paths


def test_every_scenario_of_the_tables_exists() -> None:
    rows = table("README.md", "| operation |") + table("README.md", "| key |")
    named = [path for row in rows for path in named_scenarios(row[-1])]
    assert len(named) > 40
    assert [str(path.relative_to(ROOT)) for path in named if not path.is_file()] == []


def test_every_row_has_a_scenario() -> None:
    assert [
        row[0]
        for row in table("README.md", "| operation |") + table("README.md", "| key |")
        if not named_scenarios(row[-1])
    ] == []


def test_the_table_of_keys_is_complete() -> None:
    keys = " ".join(row[0] for row in table("README.md", "| key |"))
    assert [name for name in known_keys() if name.removesuffix("MaxLength") not in keys] == []
