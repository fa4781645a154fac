"""Hashing passwords, and verifying them."""

import asyncio
import importlib
import re
import sys
import threading
import unicodedata
from typing import Any

import argon2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.running import on_every_loop, turns
from tornadolike.auth.accounts.foreign_hashes import django_hashes
from tornadolike.auth.accounts.passwords import (
    LANES,
    MEMORY,
    PASSES,
    PasswordHasher,
    Verified,
)
from tornadolike.auth.accounts.texts import MAX_LENGTH, normalized
from tornadolike.auth.accounts.threads import TooBusyError

QUICK: dict[str, Any] = {"memory": 8, "passes": 1, "lanes": 1}
PEPPER = "9f86d081884c7d659a2feaa0c55ad015"
OTHER_PEPPER = "60303ae22b998861bce3b28f33eec1be"


@on_every_loop
async def test_the_right_one_and_others() -> None:
    passwords = PasswordHasher(**QUICK)
    stored = await passwords.hash("correct horse")
    assert stored.startswith("$argon2id$v=19$m=8,t=1,p=1$")
    assert stored != await passwords.hash("correct horse")
    assert await passwords.verify(stored, "correct horse") == Verified(True)
    for wrong in ("", "correct horse ", "Correct horse", "x", "correct horse\0"):
        assert await passwords.verify(stored, wrong) == Verified(False)
    assert await passwords.verify(None, "correct horse") == Verified(False)


def test_a_result_is_as_true_as_the_password_was_right() -> None:
    assert Verified(True)
    assert not Verified(False)


def test_what_rfc_9106_recommends_is_the_default() -> None:
    assert (
        argon2.profiles.RFC_9106_LOW_MEMORY.memory_cost,
        argon2.profiles.RFC_9106_LOW_MEMORY.time_cost,
        argon2.profiles.RFC_9106_LOW_MEMORY.parallelism,
    ) == (MEMORY, PASSES, LANES)
    stored = asyncio.run(PasswordHasher().hash("x"))
    assert stored.startswith("$argon2id$v=19$m=65536,t=3,p=4$")


@pytest.mark.once
def test_what_the_reference_implementation_has_made() -> None:
    stored = (
        "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
    )
    passwords = PasswordHasher(memory=65536, passes=2, lanes=1)
    # Its salt and its hash are shorter than ours, or not: it is right all the same.
    assert asyncio.run(passwords.verify(stored, "password")).ok
    assert not asyncio.run(passwords.verify(stored, "passwort")).ok


@on_every_loop
async def test_other_parameters_are_put_right_by_who_signs_in() -> None:
    old, new = PasswordHasher(**QUICK), PasswordHasher(memory=16, passes=1, lanes=1)
    stored = await old.hash("x")
    assert await new.verify(stored, "y") == Verified(False)
    verified = await new.verify(stored, "x")
    assert verified.ok
    assert verified.rehash is not None
    assert verified.rehash.startswith("$argon2id$v=19$m=16,t=1,p=1$")
    assert await new.verify(verified.rehash, "x") == Verified(True)


@on_every_loop
async def test_other_kinds_of_argon2_are_put_right_too() -> None:
    made = argon2.PasswordHasher(1, 8, 1, type=argon2.Type.I).hash("x")
    verified = await PasswordHasher(**QUICK).verify(made, "x")
    assert verified.ok
    assert (verified.rehash or "").startswith("$argon2id$")


@on_every_loop
async def test_a_letter_is_the_same_from_every_keyboard() -> None:
    passwords = PasswordHasher(**QUICK)
    composed, decomposed = (unicodedata.normalize(form, "Grüße, é") for form in ("NFC", "NFD"))
    stored = await passwords.hash(composed)
    assert await passwords.verify(stored, decomposed) == Verified(True)
    assert await passwords.verify(stored, decomposed.replace(" ", "\u3000")) == Verified(True)
    assert not await passwords.verify(stored, composed.upper())
    # A ligature is not the letters that it is made of.
    assert not await passwords.verify(await passwords.hash("ﬁ"), "fi")


@on_every_loop
async def test_what_was_hashed_as_it_was_typed() -> None:
    typed = unicodedata.normalize("NFD", "Grüße")
    made = argon2.PasswordHasher(1, 8, 1).hash(typed)
    passwords = PasswordHasher(**QUICK)
    verified = await passwords.verify(made, typed)
    assert verified.ok
    assert verified.rehash is not None
    assert await passwords.verify(verified.rehash, unicodedata.normalize("NFC", typed))


@on_every_loop
async def test_how_long_one_may_be() -> None:
    passwords = PasswordHasher(**QUICK)
    longest = "x" * MAX_LENGTH
    stored = await passwords.hash(longest)
    assert await passwords.verify(stored, longest)
    assert not await passwords.verify(stored, longest + "x")
    assert not await passwords.verify(stored, longest[:-1])
    for password in ("", longest + "x"):
        with pytest.raises(ValueError, match="1 to 1024 characters"):
            await passwords.hash(password)


@on_every_loop
async def test_a_pepper_without_which_hashes_are_worth_nothing(expect_log: Any) -> None:
    plain, peppered = PasswordHasher(**QUICK), PasswordHasher(**QUICK, pepper=PEPPER)
    stored = await peppered.hash("x")
    assert re.match(r"pepper=[0-9a-f]{8}\$argon2id\$", stored)
    assert await peppered.verify(stored, "x") == Verified(True)
    assert not await peppered.verify(stored, "y")
    made = argon2.PasswordHasher(1, 8, 1)
    with pytest.raises(argon2.exceptions.VerifyMismatchError):
        made.verify("$" + stored.partition("$")[2], "x")
    for hasher in (plain, PasswordHasher(**QUICK, pepper=[OTHER_PEPPER])):
        with expect_log("tornadolike.general", "no longer has"):
            assert await hasher.verify(stored, "x") == Verified(False)
    # It comes, and goes, and another one comes.
    verified = await peppered.verify(await plain.hash("x"), "x")
    assert verified.rehash is not None
    assert verified.rehash.partition("$")[0] == stored.partition("$")[0]
    rotated = PasswordHasher(**QUICK, pepper=[OTHER_PEPPER, PEPPER])
    verified = await rotated.verify(stored, "x")
    assert verified.ok
    assert verified.rehash is not None
    assert verified.rehash.partition("$")[0] != stored.partition("$")[0]
    assert await rotated.verify(verified.rehash, "x") == Verified(True)
    assert await PasswordHasher(**QUICK, pepper=OTHER_PEPPER).verify(verified.rehash, "x")


@on_every_loop
async def test_hashes_of_other_programs() -> None:
    pbkdf2 = "pbkdf2_sha256$1000$NaClNaClNaClNaCl$nZQjQjg4q0dZ/pBo6BL7fH3xyVgqXnGIhmjBlaahFNw="
    django_argon2 = (
        "argon2$argon2id$v=19$m=64,t=1,p=1$TmFDbE5hQ2xOYUNsTmFDbA$"
        "DPXGjztWEFq0UtcoeqAr6/UqItYR0gqgTS8NLT+mycU"
    )
    passwords = PasswordHasher(memory=64, passes=1, lanes=1, foreign=[django_hashes])
    for stored in (pbkdf2, django_argon2):
        verified = await passwords.verify(stored, "correct horse")
        assert verified.ok
        assert (verified.rehash or "").startswith("$argon2id$v=19$m=64")
        assert await passwords.verify(stored, "wrong horse") == Verified(False)
    assert not await PasswordHasher(**QUICK).verify(pbkdf2, "correct horse")


@pytest.mark.parametrize(
    "stored",
    [
        *("", "!", "*", "x", "$", "pepper=", "pepper=$", "argon2", "argon2$argon2id"),
        *("$argon2id$", "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ", "$argon2id$v=19$m=0,t=0,p=0$a$b"),
        "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$\ud800",
        "$2b$12$" + "a" * 53,
        "correct horse",
    ],
)
def test_what_nobody_has_a_password_for(stored: str) -> None:
    assert asyncio.run(PasswordHasher(**QUICK).verify(stored, "correct horse")) == Verified(False)


def test_a_hash_that_nobody_knows_is_told_of_once(caplog: pytest.LogCaptureFixture) -> None:
    """Or all users of a site that has changed its framework would be told that their passwords are wrong."""
    passwords = PasswordHasher(**QUICK, foreign=[django_hashes])
    for stored in ("bcrypt_sha256$$2b$12$abc", "$2b$12$def", "correct horse", "", "!", "!xyz", "*"):
        assert not asyncio.run(passwords.verify(stored, "correct horse"))
    (record,) = caplog.records
    assert record.levelname == "WARNING"
    said = record.getMessage()
    assert "of a kind that neither PasswordHasher nor its foreign=[...] know" in said
    assert not any(one in said for one in ("abc", "def", "2b", "horse"))


@pytest.mark.parametrize("stored", ["", "!", "!xyz", "*"])
def test_an_account_without_a_password_is_nothing_to_tell_of(
    stored: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert not asyncio.run(PasswordHasher(**QUICK).verify(stored, "correct horse"))
    assert caplog.records == []


def test_who_has_no_account_takes_as_long(monkeypatch: pytest.MonkeyPatch) -> None:
    passwords = PasswordHasher(**QUICK)
    made: list[str] = []
    honest = passwords._hash
    monkeypatch.setattr(passwords, "_hash", lambda data: made.append(data) or honest(data))
    for stored, password in ((None, "x"), ("!", "x"), (None, ""), (None, "x" * 5000)):
        made.clear()
        assert not asyncio.run(passwords.verify(stored, password))
        assert len(made) == 1


@pytest.mark.parametrize("pepper", [None, "3f0e1c8ab4d97b26a51d"])
@pytest.mark.parametrize("password", ["plain", "e\u0301", "\u00e9", "\u212b", "x" * 5000])
def test_nor_by_how_letters_are_composed(
    monkeypatch: pytest.MonkeyPatch, password: str, pepper: str | None
) -> None:
    """What is no NFC is looked at twice for those who have a hash."""
    passwords = PasswordHasher(**QUICK, pepper=pepper)
    stored = asyncio.run(passwords.hash("another"))
    made: list[str] = []
    for name in ("hash", "verify"):
        honest = getattr(argon2.PasswordHasher, name)
        monkeypatch.setattr(argon2.PasswordHasher, name, counted(honest, made))
    work = []
    for whose in (stored, None):
        made.clear()
        assert not asyncio.run(passwords.verify(whose, password))
        work.append(len(made))
    assert work[0] == work[1] > 0


def counted(honest: Any, made: list[str]) -> Any:
    def count(*args: Any, **options: Any) -> Any:
        made.append("")
        return honest(*args, **options)

    return count


def test_a_hash_from_long_ago_is_not_told_by_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    cheap = asyncio.run(PasswordHasher(memory=8, passes=1, lanes=1).hash("x"))
    passwords = PasswordHasher(memory=16, passes=2, lanes=1)
    made: list[str] = []
    honest = argon2.PasswordHasher.hash
    monkeypatch.setattr(argon2.PasswordHasher, "hash", counted(honest, made))
    assert not asyncio.run(passwords.verify(cheap, "y"))
    assert len(made) == 1
    assert not asyncio.run(passwords.verify("$argon2id$nonsense", "y"))
    made.clear()
    verified = asyncio.run(passwords.verify(cheap, "x"))
    assert verified.rehash
    assert len(made) == 1
    made.clear()
    assert not asyncio.run(passwords.verify(verified.rehash, "y"))
    assert made == []


@on_every_loop
async def test_too_many_at_a_time() -> None:
    passwords = PasswordHasher(memory=8192, passes=1, lanes=1, max_running=1, max_waiting=1)
    tasks = [asyncio.create_task(passwords.hash("x")) for _ in range(20)]
    results = await asyncio.gather(*tasks, return_exceptions=True)
    refused = [one for one in results if isinstance(one, TooBusyError)]
    assert 0 < len(refused) <= 18
    assert all(isinstance(one, (str, TooBusyError)) for one in results)
    assert await passwords.hash("x")


@on_every_loop
async def test_the_loop_goes_on_meanwhile() -> None:
    passwords, may_end = PasswordHasher(**QUICK), threading.Event()
    made = passwords._hash
    passwords._hash = lambda password: str(may_end.wait()) and made(password)  # type: ignore[method-assign]
    tasks = [
        asyncio.create_task(one)
        for one in (passwords.hash("x"), passwords.verify(None, "x"), passwords.hash("y"))
    ]
    await turns()
    assert not any(task.done() for task in tasks)
    may_end.set()
    assert [type(await task) for task in tasks] == [str, Verified, str]


@pytest.mark.once
@settings(max_examples=60)
@given(st.text(min_size=1, max_size=30), st.text(max_size=30))
def test_what_is_equal_is_right_and_nothing_else(password: str, other: str) -> None:
    async def verify() -> tuple[Verified, Verified]:
        passwords = PasswordHasher(**QUICK)
        stored = await passwords.hash(password)
        return await passwords.verify(stored, password), await passwords.verify(stored, other)

    same, another = asyncio.run(verify())
    assert same == Verified(True)
    assert another.ok == (normalized(password) == normalized(other))


@given(st.text(alphabet=st.characters(exclude_categories=[]), min_size=1, max_size=30))
@settings(max_examples=30)
def test_lone_surrogates_are_letters_too(password: str) -> None:
    async def verify() -> Verified:
        passwords = PasswordHasher(**QUICK, foreign=[django_hashes])
        await passwords.verify("pbkdf2_sha256$1$a$aGFzaA==", password)
        return await passwords.verify(await passwords.hash(password), password)

    assert asyncio.run(verify())


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"memory": 31, "lanes": 4}, ValueError),
        ({"passes": 0}, ValueError),
        ({"lanes": 0}, ValueError),
        ({"memory": 8.0}, TypeError),
        ({"max_running": 0}, ValueError),
        ({"pepper": "short"}, ValueError),
        ({"pepper": []}, ValueError),
        ({"pepper": 7}, TypeError),
        ({"foreign": ["django"]}, TypeError),
    ],
)
def test_arguments_that_are_of_no_use(arguments: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        PasswordHasher(**arguments)


@pytest.mark.parametrize("password", [None, b"secret words", 12345])
def test_what_is_no_text_is_not_told(password: Any) -> None:
    passwords = PasswordHasher(**QUICK)
    for ask in (passwords.hash, lambda password: passwords.verify(None, password)):
        with pytest.raises(TypeError, match="a password is a str, not ") as raised:
            asyncio.run(ask(password))
        assert "secret" not in str(raised.value)
        assert "12345" not in str(raised.value)
    with pytest.raises(TypeError, match="what is stored"):
        asyncio.run(passwords.verify(b"$argon2id$", "x"))  # type: ignore[arg-type]


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "argon2", None)
    monkeypatch.delitem(sys.modules, PasswordHasher.__module__)
    with pytest.raises(ImportError, match=r"pip install tornadolike\[auth\]"):
        importlib.import_module(PasswordHasher.__module__)
    # What needs no hashes works all the same.
    monkeypatch.delitem(sys.modules, "tornadolike.auth.accounts.password_rules", raising=False)
    importlib.import_module("tornadolike.auth.accounts.password_rules")
    importlib.import_module("tornadolike.auth.guards.basic")
