"""The names of the room are at the face."""

import pytest

import tornadolike.auth


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
