"""price.json: what a kWh costs, as the owner has said on the page. Nothing is billed by it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from bridge.local import private_file
from hal import durable

FILE_NAME = "price.json"
MOST_BYTES = 4096


class Price(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The price of a kWh, in a currency of ISO 4217."""

    per_kwh: Annotated[float, Meta(ge=0, le=1000)]
    currency: Annotated[str, Meta(pattern=r"^[A-Z]{3}$")] = "EUR"


def load(folder: Path) -> Price | None:
    """Returns the price; None: nobody has said one, or it cannot be read."""
    try:
        return msgspec.json.decode(durable.read(folder / FILE_NAME, MOST_BYTES), type=Price)
    except (OSError, ValueError, RecursionError):
        return None


def save(folder: Path, price: Price) -> None:
    """Makes it last. Raises OSError."""
    private_file.write(folder / FILE_NAME, msgspec.json.encode(price))
