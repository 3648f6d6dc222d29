"""Mounts that only a test's own processes see, gone with the last of them."""

from __future__ import annotations

import subprocess

import pytest

# For root; for whoever may make a name space of users.
_NAME_SPACES = (["unshare", "--mount"], ["unshare", "--mount", "--user", "--map-root-user"])


def under(mount: str) -> list[str]:
    """What to put before a command to run it under this mount; skips the test where we may not mount."""
    for name_space in _NAME_SPACES:
        prefix = [*name_space, "sh", "-c", f'{mount} && exec "$@"', "sh"]
        if subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode == 0:
            return prefix
    pytest.skip(f"in no name space of our own: {mount}")
