"""Hashes that other programs have made."""

import pytest
from werkzeug.security import generate_password_hash

from tornadolike.auth.accounts.foreign_hashes import django_hashes, werkzeug_hashes

COMPOSED = "Grüße ﬁ\u0308"

# Made by Django 5.2.
DJANGO = [
    (
        "pbkdf2_sha256$1000$NaClNaClNaClNaCl$nZQjQjg4q0dZ/pBo6BL7fH3xyVgqXnGIhmjBlaahFNw=",
        "correct horse",
    ),
    ("pbkdf2_sha256$1000$NaClNaClNaClNaCl$FwP8NP9FsUnMAZQTuisu58rtKqOKd2NgZ9E81j47D1o=", COMPOSED),
    ("pbkdf2_sha1$1000$NaClNaClNaClNaCl$0gkD9j/4icx8HA6dXX2fnHF3uMQ=", "correct horse"),
    ("pbkdf2_sha1$1000$NaClNaClNaClNaCl$JUPkprZ0c4ipF+Wx3dkn0KLSfzg=", COMPOSED),
    (
        "scrypt$1024$NaClNaClNaClNaCl$8$5$648pIe+8dzQ3dPIAxB/WA6NYErSI3cZkcryedaSsu/yEte9yvh7D9UsgkYrprSiZIGni3/"
        "UKuSOj+2K6VQYmlQ==",
        "correct horse",
    ),
    (
        "scrypt$1024$NaClNaClNaClNaCl$8$5$rO369L4BCLY0EeytvMtUCykQ4Vvo2CbowR55q/a/tgGz7PKBim3Iqpu69tZVxowoJxLyxOn6e1l1"
        "ehV/+RQEXQ==",
        COMPOSED,
    ),
]


@pytest.mark.parametrize(("stored", "password"), DJANGO)
def test_those_of_django(stored: str, password: str) -> None:
    assert django_hashes(stored, password) is True
    assert django_hashes(stored, password + " ") is False
    assert werkzeug_hashes(stored, password) is None


@pytest.mark.parametrize("method", ["scrypt:1024:8:1", "pbkdf2:sha256:10", "pbkdf2:sha1:7"])
@pytest.mark.parametrize("password", ["correct horse", COMPOSED, ""])
def test_those_of_werkzeug(method: str, password: str) -> None:
    stored = generate_password_hash(password, method)
    assert werkzeug_hashes(stored, password) is True
    assert werkzeug_hashes(stored, password + "x") is False
    assert django_hashes(stored, password) is None


@pytest.mark.once
def test_the_parameters_that_werkzeug_has_by_itself() -> None:
    assert werkzeug_hashes(generate_password_hash("x"), "x") is True


@pytest.mark.parametrize(
    "stored",
    [
        "",
        "$",
        "!",
        "!uuGgqesA22UTIQlrPSC8dosfosKOfCgzQOPaSRHZ",  # Django's for who has no password
        "plain",
        "pbkdf2_sha256$many$salt$aGFzaA==",
        "pbkdf2_sha256$-1$salt$aGFzaA==",
        "pbkdf2_sha256$99999999999999999999$salt$aGFzaA==",
        "pbkdf2_sha256$10$salt$no base64",
        "pbkdf2_sha256$10$salt",
        "scrypt$1023$salt$8$1$aGFzaA==",  # no power of two
        "scrypt$1024$salt$8$x$aGFzaA==",
        "bcrypt_sha256$$2b$12$xxxx",
        "pbkdf2:md4711:10$salt$00",
        "pbkdf2:sha256:10$salt$no hex",
        "pbkdf2:sha256$salt$00",
        "scrypt:1000:8:1$salt$00",
        "scrypt:1024:8$salt$00",
        "scrypt:a:b:c$salt$00",
    ],
)
def test_what_is_none_of_them(stored: str) -> None:
    assert django_hashes(stored, "x") is None
    assert werkzeug_hashes(stored, "x") is None
