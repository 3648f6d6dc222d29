"""`python -I -m hal.configuration check PATH [--mock]`, `migrate`, `init`, `write`: wallbox.toml."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from hal.configuration.file import ConfigError, Report
from hal.configuration.wallbox_file import declared_facts, load, migrated, new_file, rewritten
from hal.contract import WALLBOX_FILE


def main(arguments: Sequence[str]) -> int:
    """Prints a Report as JSON, exit code 0 or 2; or a new file. `write` hears the values, as JSON; of what
    `migrate` need not change, the text is empty."""
    options = argparse.ArgumentParser(add_help=False)
    options.add_argument("--mock", action="store_true", help="the rules of a mock box")
    parser = argparse.ArgumentParser(prog="python -m hal.configuration", description=WALLBOX_FILE)
    verbs = parser.add_subparsers(dest="verb", required=True)
    for verb in ("check", "migrate"):
        verbs.add_parser(verb, parents=[options]).add_argument("path", type=Path)
    verbs.add_parser("init", parents=[options])
    verbs.add_parser("write", parents=[options])
    asked = parser.parse_args(arguments)
    if asked.verb == "init":
        sys.stdout.write(new_file(mock=asked.mock))
        return 0
    if asked.verb == "write":
        made = rewritten(json.load(sys.stdin), mock=asked.mock)
        report = Report(text=made) if isinstance(made, str) else Report(faults=tuple(made))
        return _print(report)
    try:
        if asked.verb == "migrate":
            return _print(Report(text=migrated(asked.path, mock=asked.mock) or ""))
        report = Report(facts=declared_facts(load(asked.path, mock=asked.mock)))
    except ConfigError as error:
        report = Report(faults=error.faults)
    return _print(report)


def _print(report: Report) -> int:
    sys.stdout.write(f"{msgspec.json.encode(report).decode()}\n")
    return 2 if report.faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
