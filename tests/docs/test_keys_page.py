"""docs/keys.md says of every key what the product's table says, and names scenarios that show it."""

from __future__ import annotations

from bridge.core.configuration.authorization_key import AUTHORIZATION_KEY
from bridge.core.configuration.keys import KEYS, Key
from bridge.core.zaptec import CLOUD, NATIVE
from tests.docs.pages import ROOT, named_scenarios, table

ROWS = table("docs/keys.md", "| key |")


def as_documented(key: Key) -> list[str]:
    """Name, access, value at first start."""
    values = [f"`{value}`" if (value := key.first_value(mode)) else "empty" for mode in (CLOUD, NATIVE)]
    if not key.exists(CLOUD):
        first = f"native alone: {values[1]}"
    else:
        first = values[0] if values[0] == values[1] else f"{values[0]}; native: {values[1]}"
    return [key.name, "read, write" if key.allowed else "read", first]


def test_the_rows_are_the_products_keys() -> None:
    """All of them, in the order of GetConfiguration; then the one that can only be written."""
    assert [row[:3] for row in ROWS] == [*map(as_documented, KEYS), [AUTHORIZATION_KEY, "write", "–"]]


def test_every_row_says_what_the_key_does() -> None:
    assert [row[0] for row in ROWS if len(row) != 5 or not row[3]] == []


def test_every_row_names_scenarios_that_exist() -> None:
    named = {row[0]: named_scenarios(row[-1]) for row in ROWS}
    assert [key for key, paths in named.items() if not paths] == []
    missing = [path for paths in named.values() for path in paths if not path.is_file()]
    assert [str(path.relative_to(ROOT)) for path in missing] == []
