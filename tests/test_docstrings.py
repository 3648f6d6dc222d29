"""What a docstring of the product must be at least: more than a few words, and of a function an act."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
FEWEST_WORDS = 4  # three say nothing that can be read without the name above


# Words that begin a half sentence, which needs the name above it.
NO_VERBS = set(
    "A All An And As At Before Both By Each Every Everything False For From How In It Its None Nobody Not "
    "Nothing Of On One Only Or So Some That The This Those To True Until What When Where Whether Which Who "
    "Whole Why With Within Without".split()
)


def docstrings(source: str) -> Iterator[tuple[int, str]]:
    """Yields the line and the docstring of each class and function, or nothing."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.lineno, ast.get_docstring(node) or ""


def too_short(source: str) -> list[int]:
    """Returns the lines of definitions whose docstring has too few words."""
    return [line for line, text in docstrings(source) if 0 < len(text.split()) < FEWEST_WORDS]


def half_sentences(source: str) -> list[int]:
    """Returns the lines of functions whose docstring begins with no verb."""
    functions = {
        node.lineno
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    return [
        line
        for line, text in docstrings(source)
        if line in functions and text and text.split()[0].rstrip(".,:;") in NO_VERBS
    ]


def found(wrong: Callable[[str], list[int]]) -> list[str]:
    """Returns file and line of all that is wrong in the product."""
    return [
        f"{path.relative_to(ROOT)}:{line}"
        for folder in ("bridge", "hal", "deploy/slots")
        for path in sorted((ROOT / folder).rglob("*.py"))
        for line in wrong(path.read_text())
    ]


def test_no_docstring_is_a_word_or_three() -> None:
    assert found(too_short) == []


def test_a_function_says_what_it_does() -> None:
    assert found(half_sentences) == []


def test_a_short_docstring_is_found() -> None:
    assert too_short('class Loop:\n    def run(self) -> None:\n        """For ever."""\n') == [2]
    assert too_short('def run() -> None:\n    """Runs until it is cancelled."""\n') == []


def test_a_half_sentence_is_found() -> None:
    assert half_sentences('def run() -> None:\n    """Until it is cancelled, or fails."""\n') == [1]
    assert half_sentences('class Box:\n    """What the parts of a charge point look at."""\n') == []
