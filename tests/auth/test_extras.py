"""Without the libraries of the extra: what does not need them works, and the rest says what to install."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

WITHOUT = """
import sys

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name == "joserfc":
            raise ModuleNotFoundError("No module named 'joserfc'", name="joserfc")

sys.meta_path.insert(0, Missing())
import tornadolike.auth
"""


PROGRAM = """
for name in ("SignInMixin", "OAuth2Provider", "Pending", "safe_next", "Identity", "Token"):
    getattr(tornadolike.auth, name)
for name in ("OpenIDProvider", "BackChannelLogoutMixin", "SignOuts", "Logout"):
    try:
        getattr(tornadolike.auth, name)
    except ImportError as error:
        assert "pip install tornadolike[auth]" in str(error), error
    else:
        raise AssertionError(name)
"""


@pytest.mark.once
def test_without_joserfc() -> None:
    command = [sys.executable, "-c", WITHOUT + PROGRAM]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
