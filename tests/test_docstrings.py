"""What a docstring of the product must be at least: more than a few words (style: it is a contract)."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
FEWEST_WORDS = 4  # three say nothing that can be read without the name above


def docstrings(source: str) -> Iterator[tuple[int, str]]:
    """Yields the line and the docstring of each class and function, or nothing."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.lineno, ast.get_docstring(node) or ""


def too_short(source: str) -> list[int]:
    """Returns the lines of definitions whose docstring has too few words."""
    return [line for line, text in docstrings(source) if 0 < len(text.split()) < FEWEST_WORDS]


def test_no_docstring_is_a_word_or_three() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}"
        for folder in ("bridge", "hal")
        for path in sorted((ROOT / folder).rglob("*.py"))
        for line in too_short(path.read_text())
    ]
    assert found == []


def test_a_short_docstring_is_found() -> None:
    assert too_short('class Loop:\n    def run(self) -> None:\n        """For ever."""\n') == [2]
    assert too_short('def run() -> None:\n    """Runs until it is cancelled."""\n') == []
