"""What stands on joserfc says so where it is missing; what does not, works without."""

import subprocess
import sys
from pathlib import Path

import pytest

import tornadolike.auth

ROOT = Path(__file__).parents[3]
PROGRAM = """
import sys
sys.modules["joserfc"] = None
from tornadolike.auth import AuthError, OAuth2Provider, Token, Identity

for statement in (
    "from tornadolike.auth import read_token",
    "from tornadolike.auth import PrivateKeyJWT",
    "import tornadolike.auth.jose.keys",
    "import tornadolike.auth.openid.discovery",
    "import tornadolike.auth.openid.published_keys",
):
    try:
        exec(statement)
    except ModuleNotFoundError as error:
        assert str(error).startswith("signed tokens need joserfc"), error
        assert str(error).endswith("pip install tornadolike[auth]"), error
    else:
        raise AssertionError(statement)
"""


@pytest.mark.once
def test_without_joserfc_the_way_to_it_is_told():
    command = [sys.executable, "-c", PROGRAM]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    "name",
    [
        *("ClientSecretJWT", "Discovery", "Keeping", "Keys", "KnownKeys", "PrivateKeyJWT"),
        *("PublishedKeys", "load_key", "new_key", "read_id_token", "read_token", "secret_key"),
        "write_token",
    ],
)
def test_the_names_are_at_the_face(name):
    assert name in tornadolike.auth.__all__
    assert getattr(tornadolike.auth, name).__name__ == name
