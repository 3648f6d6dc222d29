"""Mutants of the package: what its scripts promise dpkg and the owner, and what makes two builds equal."""

from __future__ import annotations

from tests.mutants.shell import Mutant

_SCRIPTS = "tests/deploy/test_maintainer_scripts.py::test_"
_PARTS = "tests/deploy/test_package.py::test_"
POSTINST, PRERM, POSTRM = (f"deploy/package/debian/{name}" for name in ("postinst", "prerm", "postrm"))
_INSTALLED = f"{_SCRIPTS}an_installation_makes_users_then_folders_then_a_slot_and_starts_nothing"
_UPGRADED = f"{_SCRIPTS}an_upgrade_begins_a_trial_where_the_programs_run_and_waits_for_none"
_PURGED = f"{_SCRIPTS}a_purge_takes_all_of_it"

PACKAGES = (
    Mutant(
        "package: an installation enables the programs",
        POSTINST,
        "\t\tsystemctl --system daemon-reload || true\n",
        "\t\tsystemctl --system daemon-reload || true\n\t\tsystemctl enable --now evse-bridge.target\n",
        _INSTALLED,
    ),
    Mutant(
        "package: folders are made before their users",
        POSTINST,
        "\tsystemd-sysusers evse-bridge.conf\n\tsystemd-tmpfiles --create evse-bridge.conf\n",
        "\tsystemd-tmpfiles --create evse-bridge.conf\n\tsystemd-sysusers evse-bridge.conf\n",
        _INSTALLED,
    ),
    Mutant(
        "package: the manager starts anew in a session",
        POSTINST,
        '[ -n "$2" ] || begin_first_time',
        "begin_first_time",
        _UPGRADED,
    ),
    Mutant(
        "package: apt waits for the end of a session",
        POSTINST,
        "systemctl start --no-block evse-update.service",
        "systemctl start evse-update.service",
        _UPGRADED,
    ),
    Mutant(
        "package: an upgrade begins a trial on a box that is not set up",
        POSTINST,
        "systemctl --quiet is-active evse-bridge.target; then",
        "true; then",
        _UPGRADED,
    ),
    Mutant(
        "package: an upgrade of a box that only starts at a boot begins no trial",
        POSTINST,
        "systemctl --quiet is-enabled evse-bridge.target || ",
        "",
        _UPGRADED,
    ),
    Mutant(
        "package: an upgrade stops the programs",
        PRERM,
        '[ "$1" = remove ] &&',
        '[ "$1" ] &&',
        f"{_SCRIPTS}an_upgrade_stops_nothing",
    ),
    Mutant(
        "package: the hardware of a mock box stops first",
        PRERM,
        "\tdeb-systemd-invoke stop evse-* >/dev/null || true\n",
        "\tdeb-systemd-invoke stop evse-mock.service evse-* >/dev/null || true\n",
        f"{_SCRIPTS}a_removal_stops_the_programs_and_last_the_hardware_of_a_mock_box",
    ),
    Mutant(
        "package: a removal takes the sessions",
        POSTRM,
        "take /var/lib/evse-bridge/slots",
        "take /var/lib/evse-bridge",
        f"{_SCRIPTS}a_removal_takes_the_programs_and_keeps_what_is_the_owner_s",
    ),
    Mutant(
        "package: an upgrade takes the slots",
        POSTRM,
        "remove | disappear)",
        "remove | disappear | upgrade)",
        f"{_SCRIPTS}an_upgrade_takes_nothing",
    ),
    Mutant(
        "package: a purge leaves the configuration",
        POSTRM,
        "take /etc/evse-bridge /var",
        "take /var",
        _PURGED,
    ),
    Mutant(
        "package: a purge leaves what was enabled",
        POSTRM,
        "\trm -f /etc/systemd/system/*.wants/evse-*\n",
        "",
        _PURGED,
    ),
    Mutant(
        "package: a purge leaves the users",
        POSTRM,
        'userdel "$user" || true',
        "true",
        _PURGED,
    ),
    Mutant(
        "package: a laptop gets the watchdog of a wallbox",
        "deploy/package/contents.py",
        'if release.target.arch == "amd64":',
        "if False:",
        f"{_PARTS}a_laptop_keeps_its_own_watchdog_and_panics",
    ),
    Mutant(
        "package: a file has the time of its build",
        "deploy/package/contents.py",
        "os.utime(path, (time_s, time_s), follow_symlinks=False)",
        "pass",
        f"{_PARTS}every_file_can_be_read_by_all_and_changed_by_root_alone",
    ),
    Mutant(
        "package: both releases have one version",
        "deploy/package/target.py",
        'return f"{version}+deb{_RELEASES[self.suite]}"',
        "return version",
        f"{_PARTS}debian_orders_versions_as_we_do",
    ),
)
