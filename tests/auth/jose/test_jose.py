"""What stands on joserfc says so where it is missing; what does not, works without."""

import subprocess
import sys

import pytest

import tornadolike.auth

WITHOUT = "import sys; sys.modules['joserfc'] = None; "


def run(program):
    return subprocess.run(
        [sys.executable, "-c", WITHOUT + program], capture_output=True, text=True, check=False
    )


@pytest.mark.once
@pytest.mark.parametrize(
    "program",
    [
        "from tornadolike.auth import read_token",
        "from tornadolike.auth import PrivateKeyJWT",
        "import tornadolike.auth.jose.keys",
        "import tornadolike.auth.openid.discovery",
        "import tornadolike.auth.openid.published_keys",
    ],
)
def test_without_joserfc_the_way_to_it_is_told(program):
    done = run(program)
    assert done.returncode == 1
    assert "ModuleNotFoundError: signed tokens need joserfc" in done.stderr
    assert "pip install tornadolike[auth]" in done.stderr


@pytest.mark.once
def test_without_joserfc_the_rest_is_there():
    done = run("from tornadolike.auth import AuthError, OAuth2Provider, Token, Identity")
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
