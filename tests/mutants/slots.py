"""Mutants of root's program for updates: what each order of steps, each look and each sync is for."""

from __future__ import annotations

from tests.mutants.shell import Mutant

_AT = "tests/deploy/slots/test_"
_CUT = f"{_AT}power_cuts.py::test_after_a_cut_at_any_moment_a_boot_leaves_one_good_version_and_its_database"
_UPDATE = f"{_AT}update.py::test_"
_BUNDLE = f"{_AT}bundle.py::test_"
STEPS, CARRYING, PROOF, UPDATE = (
    f"deploy/slots/{name}.py" for name in ("steps", "carrying_out", "proof", "update")
)
TREES, DATABASE, KEPT, HAL_STATE, BUNDLE, MEMBERS = (
    f"deploy/slots/{name}.py" for name in ("trees", "database", "kept", "hal_state", "bundle", "members")
)

SLOTS = (
    Mutant(
        "the switch before a boot would go back",
        STEPS,
        """        RecordTrial(trial),
        *_tried(seen, trial),
        Mark(trial.version),
        *([WriteConfig(texts)] if trial.config else []),
        Switch(trial.version),
""",
        """        Switch(trial.version),
        RecordTrial(trial),
        *_tried(seen, trial),
        Mark(trial.version),
        *([WriteConfig(texts)] if trial.config else []),
""",
        f"{_CUT}[kept]",
    ),
    Mutant(
        "the bridge learns of a trial after the switch",
        STEPS,
        """        Mark(trial.version),
        *([WriteConfig(texts)] if trial.config else []),
        Switch(trial.version),
""",
        """        Switch(trial.version),
        Mark(trial.version),
        *([WriteConfig(texts)] if trial.config else []),
""",
        f"{_UPDATE}first_the_boot_would_go_back_then_the_bridge_knows_then_the_switch",
    ),
    Mutant(
        "the bridge stores again before the trial is ended",
        STEPS,
        "return (EndTrial(), Unmark(), Remove(COPY), *(Remove",
        "return (Unmark(), EndTrial(), Remove(COPY), *(Remove",
        f"{_UPDATE}the_mark_goes_only_when_the_trial_is_ended_for_good",
    ),
    Mutant(
        "a trial ends before the way back is gone",
        STEPS,
        "ends = (Switch(trial.before), EndTrial(), Unmark(), Remove(COPY))",
        "ends = (EndTrial(), Switch(trial.before), Unmark(), Remove(COPY))",
        f"{_CUT}[gone back]",
    ),
    Mutant(
        "the database is not put back",
        STEPS,
        "restore: tuple[Step, ...] = (RestoreState(),) if seen.copied else ()",
        "restore: tuple[Step, ...] = ()",
        f"{_CUT}[gone back]",
    ),
    Mutant(
        "the failed version stays",
        STEPS,
        "failed = (Remove(trial.version),) if trial.version != trial.before else ()",
        "failed: tuple[Step, ...] = ()",
        f"{_UPDATE}one_that_does_not_prove_itself_comes_back_with_its_database",
    ),
    Mutant(
        "an older version needs no word",
        STEPS,
        "return allow_older or not is_older(version, running)",
        "return True",
        f"{_UPDATE}an_older_one_needs_the_owner_s_word",
    ),
    Mutant(
        "an older slot is chosen over a newer package",
        STEPS,
        "if newest is None or is_older(newest, package):",
        "if newest is None:",
        f"{_AT}damage.py::test_where_current_leads_nowhere_the_newest_counts",
    ),
    Mutant(
        "a new slot has its name before its content is on the disk",
        TREES,
        "    disk.sync_all(path.parent)\n    disk.rename(unfinished(path), path)",
        "    disk.rename(unfinished(path), path)",
        f"{_CUT}[kept]",
    ),
    Mutant(
        "a slot is removed under its own name",
        TREES,
        """        disk.rename(path, unfinished(path))
        disk.sync(path.parent)
        remove(disk, unfinished(path))""",
        "        remove(disk, path)",
        f"{_CUT}[kept]",
    ),
    Mutant(
        "a small file has its name before its content is on the disk",
        TREES,
        "    disk.sync(new)\n    move_folder(disk, path)",
        "    move_folder(disk, path)",
        f"{_AT}damage.py::test_a_note_is_on_the_disk_before_it_has_its_name_and_its_name_lasts",
    ),
    Mutant(
        "the end of a trial does not last",
        TREES,
        "        disk.remove(path)\n    disk.sync(path.parent)",
        "        disk.remove(path)",
        f"{_UPDATE}the_mark_goes_only_when_the_trial_is_ended_for_good",
    ),
    Mutant(
        "the switch does not last",
        CARRYING,
        "        self.disk.rename(new, link)\n        self.disk.sync(self.places.slots)",
        "        self.disk.rename(new, link)",
        f"{_CUT}[gone back]",
    ),
    Mutant(
        "a log of the trial is played into the old database",
        DATABASE,
        "for name in (*DATABASE[1:], SHARED_MEMORY, *DATABASE[:1]):",
        "for name in ():",
        f"{_AT}database.py::test_what_the_trial_wrote_is_gone",
    ),
    Mutant(
        "a link in the bridge's folder is followed",
        KEPT,
        "_READ = os.O_RDONLY | os.O_NOFOLLOW |",
        "_READ = os.O_RDONLY |",
        f"{_AT}database.py::test_a_link_is_not_followed",
    ),
    Mutant(
        "a fault that the trial found is forgotten",
        HAL_STATE,
        " or readable(path):",
        ":",
        f"{_AT}hal_state.py::test_what_the_version_before_can_read_stays",
    ),
    Mutant(
        "a version that refuses the configuration is tried",
        UPDATE,
        "if fault := box",
        "if False and box",
        f"{_UPDATE}a_version_that_need_not_be_tried_is_not",
    ),
    Mutant(
        "a car is not asked for again when the bridge has stopped",
        UPDATE,
        "if not box.machine.see().charges:",
        "if True:",
        f"{_UPDATE}a_car_that_comes_while_the_bridge_stops_gets_its_bridge_back",
    ),
    Mutant(
        "a version that was started again has proven itself",
        PROOF,
        "if program.restarts > 0:",
        "if False:",
        f"{_UPDATE}a_bridge_that_crashes_in_the_last_second_has_not_proven_itself",
    ),
    Mutant(
        "a hal.safety that stands still proves itself",
        PROOF,
        " and seen.safety.seq > last.safety.seq",
        "",
        f"{_UPDATE}one_that_does_not_prove_itself_comes_back_with_its_database",
    ),
    Mutant(
        "a Central System that was reached before is not asked for",
        PROOF,
        "if needs.reached_before and not seen.reached:",
        "if False:",
        f"{_UPDATE}one_that_does_not_prove_itself_comes_back_with_its_database",
    ),
    Mutant(
        "what is unpacked is not root's own copy",
        BUNDLE,
        "_unpack(disk, copy, slot, said)",
        "_unpack(disk, source.trusted.joinpath(*source.below, source.archive), slot, said)",
        f"{_BUNDLE}a_file_that_is_exchanged_after_it_was_verified_counts_for_nothing",
    ),
    Mutant(
        "the hash is not looked at",
        BUNDLE,
        "if size > said.size or digest.hexdigest() != said.sha256:",
        "if size > said.size:",
        f"{_BUNDLE}what_is_not_the_manifest_s",
    ),
    Mutant(
        "a folder is reached through a link",
        BUNDLE,
        "_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW |",
        "_FOLDER = os.O_RDONLY | os.O_DIRECTORY |",
        f"{_BUNDLE}a_link_in_the_place_of_the_folder_is_not_followed",
    ),
    Mutant(
        "a link may go up after a name",
        MEMBERS,
        'or any(word in ("", "..") for word in words[up:])',
        'or any(word == "" for word in words[up:])',
        f"{_BUNDLE}whatever_is_admitted_stays_inside",
    ),
    Mutant(
        "a member may lie behind a link",
        MEMBERS,
        'if above and self._kinds.get(above) != "folder":',
        "if above and above not in self._kinds:",
        f"{_BUNDLE}members_that_lead_out_are_refused_before_any_is_unpacked",
    ),
    Mutant(
        "a bomb is unpacked",
        MEMBERS,
        "if self.size > self.most_bytes:",
        "if False:",
        f"{_BUNDLE}a_bomb_is_refused_before_any_of_it_is_unpacked",
    ),
)
