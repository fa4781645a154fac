"""Without the libraries of the extras: what does not need them works, and the rest says what to install."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import tornadolike.auth

pytestmark = pytest.mark.once

ROOT = Path(__file__).parents[2]

NEED = {
    "joserfc": {
        *(
            "Apple",
            "BackChannelLogoutMixin",
            "ClientSecretJWT",
            "Discovery",
            "GitLab",
            "Google",
            "JWTBearer",
        ),
        *("Keeping", "Keys", "KnownKeys", "Logout", "Microsoft", "OpenIDProvider", "PrivateKeyJWT"),
        *(
            "PublishedKeys",
            "SignOuts",
            "Slack",
            "load_key",
            "new_key",
            "read_id_token",
            "read_token",
        ),
        *("secret_key", "write_access_token", "write_token"),
    },
    "argon2": {"PasswordHasher", "Verified"},
    "webauthn": {
        *("MemoryPasskeys", "Passkey", "PasskeyError", "PasskeyOwner", "PasskeyRegistrationMixin"),
        *("PasskeyScript", "PasskeySignInMixin", "PasskeyStorage", "Passkeys"),
    },
}
LIBRARIES = {"joserfc": "joserfc", "argon2": "argon2-cffi", "webauthn": "webauthn"}
EXTRAS = {"joserfc": "auth", "argon2": "auth", "webauthn": "passkeys"}

PROGRAM = """
import json, sys

for library in sys.argv[1:]:
    sys.modules[library] = None
import tornadolike.auth

said = {}
for name in tornadolike.auth.__all__:
    try:
        getattr(tornadolike.auth, name)
    except ImportError as error:
        said[name] = [error.name, str(error)]
try:
    from tornadolike.auth import *
except ImportError as error:
    said["*"] = [error.name, str(error)]
json.dump(said, sys.stdout)
"""


@pytest.mark.parametrize("missing", [*([name] for name in NEED), list(NEED)], ids=" ".join)
def test_what_is_missing_is_told_by_those_who_need_it(missing: list[str]) -> None:
    command = [sys.executable, "-c", PROGRAM, *missing]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    said = json.loads(done.stdout)
    assert said.pop("*")[0] in missing
    assert said.keys() == set().union(*(NEED[name] for name in missing))
    for library in missing:
        for name in NEED[library]:
            missed, sentence = said[name]
            assert missed == library, name
            assert sentence.endswith(
                f"need {LIBRARIES[library]}, which is not installed: pip install tornadolike[{EXTRAS[library]}]"
            )


def test_with_all_of_them_nothing_is_missing() -> None:
    for name in tornadolike.auth.__all__:
        assert getattr(tornadolike.auth, name) is not None
    assert set().union(*NEED.values()) < set(tornadolike.auth.__all__)
