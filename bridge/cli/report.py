"""`evse-bridge report`: what was charged in a month, by card, as a table for people, CSV or JSON."""

from __future__ import annotations

import csv
import io
import re
import shutil
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from json import dumps
from pathlib import Path

from bridge.cli import books
from bridge.cli.looking import USUAL_COLUMNS
from bridge.cli.month import Month, Price, is_month, lines, month, rows
from bridge.folders import CommandError, Folders, MisuseError
from bridge.local.session_table import cell
from hal.visible import visible

MOST_PER_KWH = 1000


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for. `price`: of one kWh, as it was typed."""

    month: str
    tag: str | None = None
    price: str | None = None
    currency: str = "EUR"


def shown(folders: Folders, wanted: Wanted) -> Iterator[str]:
    """Yields the lines for people. Raises MisuseError, CommandError."""
    price, found = _found(folders, wanted)
    columns = max(40, shutil.get_terminal_size((USUAL_COLUMNS, 24)).columns)
    for line in lines(found, price):
        yield from textwrap.wrap(line, columns) if line.count("  ") == 0 and line else [line]


def as_json(folders: Folders, wanted: Wanted) -> str:
    """Returns an array of objects, by the table's columns. Raises MisuseError, CommandError."""
    price, found = _found(folders, wanted)
    head, *those = rows(found, price)
    return dumps([dict(zip(head, row, strict=True)) for row in those])


def export(folders: Folders, wanted: Wanted, file: Path) -> str:
    """Writes the table as CSV (RFC 4180, UTF-8). Raises MisuseError, CommandError."""
    price, found = _found(folders, wanted)
    text = io.StringIO(newline="")
    csv.writer(text).writerows([cell(each) for each in row] for row in rows(found, price))
    try:
        file.write_text(text.getvalue(), encoding="utf-8", newline="")
    except OSError as error:
        raise CommandError(
            f"{file}: {error.strerror}: name a file in a folder that you may write to"
        ) from error
    count = len(found.sessions)
    return f"{count} session{'s' * (count != 1)} of {found.name} written to {file}"


def _found(folders: Folders, wanted: Wanted) -> tuple[Price | None, Month]:
    if not is_month(wanted.month):
        raise MisuseError(f"MONTH {visible(wanted.month)}: must be a year and a month, for example 2026-11")
    price = _price(wanted)
    return price, month(wanted.month, wanted.tag, list(books.every_session(folders)), None)


def _price(wanted: Wanted) -> Price | None:
    if wanted.price is None:
        return None
    if re.fullmatch("[A-Z]{3}", wanted.currency) is None:
        raise MisuseError(f"--currency {visible(wanted.currency)}: must be three capital letters, as EUR")
    try:
        per_kwh = Decimal(wanted.price.replace(",", "."))
    except InvalidOperation:
        per_kwh = Decimal(-1)
    if not (per_kwh.is_finite() and 0 <= per_kwh <= MOST_PER_KWH):
        raise MisuseError(
            f"--price {visible(wanted.price)}: must be 0 to {MOST_PER_KWH} {wanted.currency} for each kWh"
        )
    return Price(per_kwh, wanted.currency)
