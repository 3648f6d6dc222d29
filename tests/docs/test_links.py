"""Links of README.md and docs/ lead somewhere, and every page can be found from the README."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.pages import PAGES, ROOT, anchors, links, scenarios_in

FOLDERS = ("bridge", "hal", "systemd", "deploy")
PRODUCT = [
    ROOT / "CHANGELOG.md",
    *(path for name in FOLDERS for path in (ROOT / name).rglob("*") if path.suffix != ".pyc"),
]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_to_a_file_and_a_heading(page: Path) -> None:
    broken = [
        f"{target.name}#{anchor}"
        for target, anchor in links(page)
        if not target.exists() or (anchor and anchor not in anchors(target))
    ]
    assert broken == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_scenario_that_a_page_names_exists(page: Path) -> None:
    missing = [path for path in scenarios_in(page) if not path.is_file()]
    assert [str(path.relative_to(ROOT)) for path in missing] == []


def test_pages_for_the_operator_name_scenarios() -> None:
    """Else nothing was found above."""
    named = {page.name: len(scenarios_in(page)) for page in PAGES}
    assert named["ocpp.md"] > 100
    assert named["keys.md"] > 50
    assert named["central-systems.md"] > 30


def test_the_readme_leads_to_every_page() -> None:
    reached = {target for target, _ in links(ROOT / "README.md")}
    assert [page.name for page in PAGES[1:] if page not in reached] == []


def test_the_pages_that_the_product_names_exist() -> None:
    """The changelog, comments, texts of commands, and the comments that are written into users' files."""
    texts = {path: path.read_text(errors="replace") for path in PRODUCT if path.is_file()}
    named = {(path, page) for path, text in texts.items() for page in re.findall(r"docs/[\w-]+\.md", text)}
    assert len(named) > 10
    assert [f"{path.name}: {page}" for path, page in sorted(named) if not (ROOT / page).is_file()] == []
