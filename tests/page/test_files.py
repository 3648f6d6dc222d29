"""The files of the page, without a browser: both languages, weight, and what must not stand in them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import bridge.local

PAGE = Path(bridge.local.__file__).parent / "page"
MOST_BYTES = 200 * 1024
LANGUAGES = ("en", "de")
FORBIDDEN = (
    "innerHTML",
    "outerHTML",
    "insertAdjacentHTML",
    "document.write",
    "eval(",
    "new Function",
    "style=",
)


def words(language: str) -> dict[str, str]:
    found: dict[str, str] = json.loads((PAGE / "i18n" / f"{language}.json").read_text())
    return found


def scripts() -> Iterator[tuple[str, str]]:
    for file in sorted(PAGE.rglob("*.js")):
        yield str(file.relative_to(PAGE)), file.read_text()


def test_both_languages_say_the_same_things() -> None:
    english, german = (words(each) for each in LANGUAGES)
    assert list(english) == list(german)
    for name, text in english.items():
        assert sorted(re.findall(r"\{\w+\}", text)) == sorted(re.findall(r"\{\w+\}", german[name])), name
        assert text.strip(), name
        assert german[name].strip(), name


def test_each_word_that_is_asked_for_is_there_and_none_is_left_over() -> None:
    source = "\n".join(text for _, text in scripts())
    asked = set(re.findall(r"\bt\(\s*\"([^\"]+)\"", source))
    known = set(words("en"))
    assert asked <= known
    spoken = {name for name in known if f'"{name}"' in source}
    computed = {
        name for name in known if re.search(r"`" + re.escape(name.rsplit(".", 1)[0]) + r"\.\$\{", source)
    }
    assert known - spoken - computed == set()


def test_the_page_weighs_little() -> None:
    assert sum(file.stat().st_size for file in PAGE.rglob("*") if file.is_file()) < MOST_BYTES


@pytest.mark.parametrize("word", FORBIDDEN)
def test_no_text_is_ever_read_as_program_or_html(word: str) -> None:
    assert [name for name, text in scripts() if word in text] == []
    assert word not in (PAGE / "index.html").read_text()


def test_nothing_is_loaded_from_elsewhere() -> None:
    for file in PAGE.rglob("*"):
        if file.is_file():
            found = set(re.findall(r"(?:https?:)?//[a-z0-9.]+\.[a-z]+[^\s\"']*", file.read_text()))
            assert found <= {"http://www.w3.org/2000/svg"}, file


def test_the_html_has_neither_script_nor_style_of_its_own() -> None:
    html = (PAGE / "index.html").read_text()
    assert re.findall(r"<script[^>]*>", html) == ['<script type="module" src="js/main.js">']
    assert "<style" not in html
    assert re.search(r"\son\w+=", html) is None
