"""docs/keys.md says of every key what the product's table says, and names scenarios that show it."""

from __future__ import annotations

import re
from itertools import permutations

import pytest

from bridge.core.configuration.authorization_key import AUTHORIZATION_KEY
from bridge.core.configuration.keys import KEYS, Key
from bridge.core.zaptec import CLOUD, NATIVE, Behaviour
from bridge.local.key_meanings import MEANINGS
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


def test_the_program_says_of_a_key_what_the_page_says() -> None:
    """In one line: what a page alone can show, a link behind it, is left out."""
    told = {row[0]: re.sub(r" ?\(?\[[^]]*\]\([^)]*\)\)?", "", row[4]).replace("`", "") for row in ROWS}
    assert told == MEANINGS


def test_every_row_says_what_the_key_does() -> None:
    assert [row[0] for row in ROWS if len(row) != 6 or not all(row)] == []


@pytest.mark.parametrize("row", ROWS[:-1], ids=lambda row: row[0])
def test_the_allowed_values_are_those_that_the_product_accepts(row: list[str]) -> None:
    key, cell = next(key for key in KEYS if key.name == row[0]), row[3]
    if key.allowed is None or cell == "–":
        assert (key.allowed, cell) == (None, "–")
        return
    allowed = key.allowed
    for behaviour in (CLOUD, NATIVE):
        good, bad = samples(cell, behaviour)
        assert [value for value in good if allowed(value, behaviour) is None] == []
        assert [value for value in bad if allowed(value, behaviour) is not None] == []


def samples(cell: str, behaviour: Behaviour) -> tuple[list[str], list[str]]:
    """Reads what is allowed: values that the key must accept, values that it must refuse."""
    if found := re.fullmatch(r"(\d+) to (\d+)", cell):
        low, high = int(found[1]), int(found[2])
        step = (high - low) // 997 or 1
        good = [*range(low, high, step), high]
        return [*map(str, good)], [str(low - 1), str(high + 1), "", "true", f"{low}.0"]
    if found := re.fullmatch(r"up to (\d+) characters", cell):
        return ["", "x" * int(found[1])], ["x" * (int(found[1]) + 1)]
    if cell == "0, or a divisor of 86400":
        divides = {str(n): n == 0 or 86_400 % n == 0 for n in [*range(3_700), 43_200, 86_400, 86_401]}
        return [n for n, good in divides.items() if good], [n for n, good in divides.items() if not good]
    if cell == "a list of [measurands](#their-form)":
        every = behaviour.measurands
        return ["", ",".join(every), *every], ["SoC", f"{every[0]},{every[0]}", f"{every[0]},SoC"]
    named = cell.split("`")[1::2]
    if named == ["true", "false"]:
        return named, ["0", "1", "yes", ""]
    rotations = {f"1.{''.join(each)}" for each in permutations("RST")} | {"1.Unknown", "1.NotApplicable"}
    assert set(named) < rotations
    return named, [*(rotations - set(named)), "RST", ""]


def test_every_row_names_scenarios_that_exist() -> None:
    named = {row[0]: named_scenarios(row[-1]) for row in ROWS}
    assert [key for key, paths in named.items() if not paths] == []
    missing = [path for paths in named.values() for path in paths if not path.is_file()]
    assert [str(path.relative_to(ROOT)) for path in missing] == []
