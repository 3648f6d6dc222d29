"""Reads the tables, links and scenario names of README.md and docs/."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
SCENARIOS = ROOT / "tests" / "scenarios"
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))


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


def scenarios_in(page: Path) -> list[Path]:
    """Whatever the page names between backticks: `folder/name`, and the names that follow it on its line."""
    folders = {each.name for each in SCENARIOS.iterdir() if each.is_dir()}
    found: list[Path] = []
    for line in page.read_text(encoding="utf-8").splitlines():
        for run in re.findall(r"`[a-z_]+/[a-z_0-9]+`(?:,? (?:and )?`[a-z_0-9]+`)*", line):
            if run[1:].partition("/")[0] in folders:
                found += named_scenarios(run)
    return found


def links(page: Path) -> list[tuple[Path, str]]:
    """(file, anchor) of every link of the page that stays in the repository."""
    targets = re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8"))
    local = [target.partition("#") for target in targets if "://" not in target]
    return [((page.parent / file).resolve() if file else page, anchor) for file, _, anchor in local]


def anchors(page: Path) -> set[str]:
    """As GitHub makes them of the headings: small letters, hyphens for spaces, no other signs."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
