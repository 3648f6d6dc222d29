"""`evse-bridge page-code`: the code, why there is none, and how a forgotten password is removed."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge.cli import page_code
from bridge.folders import CommandError, Folders
from bridge.local.web.access import kept, passwords
from bridge.local.web.access.kept import Kept
from bridge.run.programs import LOCAL_FOLDER


def test_a_code_is_shown_until_a_password_is_set_and_after_it_is_forgotten(tmp_path: Path) -> None:
    folders, folder = Folders(tmp_path, tmp_path, tmp_path, mock=True), tmp_path / LOCAL_FOLDER
    folder.mkdir()
    with pytest.raises(CommandError, match="there is no code yet"):
        list(page_code.shown(folders))
    code = kept.code(folder)
    assert list(page_code.shown(folders)) == [code]
    assert kept.code(folder) == code  # the next start has the same
    kept.save(folder, Kept(installer=passwords.hashed("one", passwords.Cost(n=2, r=1, p=1))))
    kept.forget_code(folder)
    assert next(iter(page_code.shown(folders))).startswith("a password is set")
    assert "start `evse-bridge run` again" in list(page_code.forget(folders))[1]
    assert kept.load(folder) == Kept()
    assert kept.code(folder) != code
