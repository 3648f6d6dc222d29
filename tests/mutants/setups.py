"""Mutants of setup: what it promises of the boot files, of both configuration files and of a mock box."""

from __future__ import annotations

from tests.mutants.shell import Mutant

CONFIG_TXT, FILES = "bridge/boot/config_txt.py", "bridge/boot/files.py"
EDITOR, PARTITION = "tests/bridge/boot/test_config_txt.py::test_", "tests/bridge/boot/test_files.py::test_"
ATTENDED = "tests/bridge/setup/test_attended.py::test_"

SETUPS = (
    Mutant(
        "config.txt: a section of another board counts",
        CONFIG_TXT,
        'holds["model"] = section in filters',
        'holds["model"] = True',
        f"{EDITOR}a_line_in_the_wrong_section_does_not_count",
    ),
    Mutant(
        "config.txt: a section that depends on more than the board counts",
        CONFIG_TXT,
        'holds[section.partition("=")[0]] = False',
        "pass",
        f"{EDITOR}a_line_in_the_wrong_section_does_not_count",
    ),
    Mutant(
        "config.txt: a dtparam of the overlay before it counts as the base's",
        CONFIG_TXT,
        "owner = scope.parameters if scope and _owns(scope.name, parameter) else boot.parameters",
        "owner = boot.parameters",
        f"{EDITOR}audio_behind_the_graphics_overlay_is_that_of_hdmi",
    ),
    Mutant(
        "config.txt: our parameters stand behind an overlay of others",
        CONFIG_TXT,
        'lines = [BEGIN + _JOINED * joined, "[all]", "dtoverlay=", *first, END, ""]',
        'lines = [BEGIN + _JOINED * joined, "[all]", *first, END, ""]',
        f"{EDITOR}audio_behind_the_graphics_overlay_is_that_of_hdmi",
    ),
    Mutant(
        "boot files: undo takes the first file although it was changed since",
        FILES,
        "if before is not None and ours(before) == ours(text):",
        "if before is not None:",
        f"{PARTITION}what_was_written_by_hand_since_stays",
    ),
    Mutant(
        "boot files: the file before is not kept",
        FILES,
        "self._write(_kept(change.path), change.before)",
        "pass",
        f"{PARTITION}changed_once_and_undone_byte_for_byte",
    ),
    Mutant(
        "setup: it goes on although the reboot has not happened",
        "bridge/setup/attended.py",
        "if self._folders.mock or not boot.reboot_is_due(self._root):",
        "if True:",
        f"{ATTENDED}the_reboot_that_nobody_made",
    ),
    Mutant(
        "setup: the state of the mock stays for the real box",
        "bridge/setup/mock_units.py",
        '_PROGRAMS = ("safety", "instruments", "bridge", "local", "mock")',
        '_PROGRAMS = ("safety", "instruments", "local", "mock")',
        f"{ATTENDED}a_mock_box_becomes_a_real_one_and_a_mock_again",
    ),
    Mutant(
        "setup: the programs stay stopped when a person stops it",
        "bridge/setup/steps.py",
        "if self._start_again:",
        "if False:",
        f"{ATTENDED}the_programs_are_stopped_and_come_back_when_setup_is_stopped",
    ),
    Mutant(
        "configuration: the file before is not kept",
        "bridge/config_files.py",
        "if path.exists():\n            kept",
        "if False:\n            kept",
        f"{ATTENDED}existing_files_are_the_defaults_and_stay_beside",
    ),
)
