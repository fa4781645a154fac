"""The ceremonies, with an authenticator of our own: what is believed, and all that is not."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

import cbor2
import hypothesis
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import strategies

from tests.auth.passkeys.authenticator import (
    AAGUID,
    BACKED_UP,
    ELIGIBLE,
    ES256,
    GOOD,
    PRESENT,
    RS256,
    VERIFIED,
    Authenticator,
    EdDSA,
    decoded,
    encoded,
)
from tests.running import on_every_loop
from tornadolike.auth.passkeys import (
    MemoryPasskeys,
    Passkey,
    PasskeyError,
    PasskeyOwner,
    Passkeys,
)
from tornadolike.auth.passkeys import ceremonies as module
from tornadolike.stores import MemoryStore

ANN = PasskeyOwner("17", "ann@example.org", "Ann")


def made(storage: MemoryPasskeys | None = None, **options: Any) -> Passkeys:
    return Passkeys(
        "example.org",
        "Example",
        ["https://example.org", "https://www.example.org"],
        storage or MemoryPasskeys(),
        **options,
    )


async def registered(
    passkeys: Passkeys, authenticator: Authenticator, owner: PasskeyOwner = ANN
) -> Passkey:
    options, challenge = await passkeys.begin_registration(owner)
    return await passkeys.finish_registration(challenge, authenticator.create(options))


async def signed_in(
    passkeys: Passkeys, authenticator: Authenticator, user: str | None = None
) -> Passkey:
    options, challenge = await passkeys.begin_sign_in(user)
    return await passkeys.finish_sign_in(challenge, authenticator.get(options))


async def code_of(ceremony: Coroutine[Any, Any, Any]) -> str:
    with pytest.raises(PasskeyError) as caught:
        await ceremony
    return caught.value.code


@pytest.mark.parametrize("attestation", ["none", "packed"])
@pytest.mark.parametrize("signer", [ES256, EdDSA, RS256])
def test_registering_and_signing_in(signer: type, attestation: str) -> None:
    async def main() -> None:
        passkeys = made()
        authenticator = Authenticator(signer(), attestation=attestation, flags=GOOD | ELIGIBLE)
        began = time.time()
        passkey = await registered(passkeys, authenticator)
        assert passkey == Passkey(
            id=authenticator.id,
            user="17",
            user_handle=authenticator.user_handle or b"",
            public_key=cbor2.dumps(authenticator.signer.public()),
            transports=("internal",),
            backup_eligible=True,
            user_verified=True,
            aaguid="00010203-0405-0607-0809-0a0b0c0d0e0f",
            created=passkey.created,
        )
        assert AAGUID.hex() == passkey.aaguid.replace("-", "")
        assert began <= passkey.created <= time.time()
        authenticator.flags |= BACKED_UP
        found = await signed_in(passkeys, authenticator)
        assert found == replace(passkey, backed_up=True, last_used=found.last_used)
        assert await passkeys.storage.find(passkey.id) == found

    asyncio.run(main())


@on_every_loop
async def test_what_the_browser_is_asked() -> None:
    passkeys = made(seconds=120)
    options, challenge = await passkeys.begin_registration(ANN)
    handle = options["user"]["id"]
    assert options == {
        "rp": {"id": "example.org", "name": "Example"},
        "user": {"id": handle, "name": "ann@example.org", "displayName": "Ann"},
        "challenge": encoded(challenge.value),
        "pubKeyCredParams": [{"type": "public-key", "alg": alg} for alg in (-8, -7, -257)],
        "timeout": 120_000,
        "excludeCredentials": [],
        "authenticatorSelection": {
            "residentKey": "required",
            "requireResidentKey": True,
            "userVerification": "required",
        },
        "attestation": "none",
    }
    assert len(decoded(handle)) == len(challenge.value) == 32
    assert b"17" != decoded(handle) == challenge.user_handle
    options, challenge = await passkeys.begin_sign_in()
    assert options == {
        "challenge": encoded(challenge.value),
        "timeout": 120_000,
        "rpId": "example.org",
        "allowCredentials": [],
        "userVerification": "required",
    }
    assert (challenge.user, challenge.user_handle) == (None, None)
    assert encoded(challenge.value) not in repr(challenge)


@on_every_loop
async def test_all_passkeys_of_a_user_have_one_handle_and_are_not_made_twice() -> None:
    passkeys = made()
    first, second = Authenticator(), Authenticator()
    one = await registered(passkeys, first)
    options, _ = await passkeys.begin_registration(ANN)
    assert options["excludeCredentials"] == [
        {"id": encoded(one.id), "type": "public-key", "transports": ["internal"]}
    ]
    two = await registered(passkeys, second)
    assert one.user_handle == two.user_handle
    bob = PasskeyOwner("18", "bob")
    assert (await registered(passkeys, Authenticator(), bob)).user_handle != one.user_handle
    for user, ids in (("17", [one.id, two.id]), ("19", [])):
        options, _ = await passkeys.begin_sign_in(user)
        assert [decoded(each["id"]) for each in options["allowCredentials"]] == ids


@on_every_loop
async def test_an_id_is_somebodys_for_ever() -> None:
    """Who has seen another's id cannot put a key of their own in its place."""
    passkeys = made()
    authenticator = Authenticator()
    passkey = await registered(passkeys, authenticator)
    thief = Authenticator(id=authenticator.id)
    assert await code_of(registered(passkeys, thief, PasskeyOwner("18", "bob"))) == "exists"
    assert await passkeys.storage.find(authenticator.id) == passkey


@on_every_loop
async def test_there_is_a_most() -> None:
    passkeys = made(max_per_user=2)
    options, late = await passkeys.begin_registration(ANN)
    for _ in range(2):
        await registered(passkeys, Authenticator())
    assert await code_of(passkeys.begin_registration(ANN)) == "too_many"
    answer = Authenticator().create(options)
    assert await code_of(passkeys.finish_registration(late, answer)) == "too_many"
    await registered(passkeys, Authenticator(), PasskeyOwner("18", "bob"))


Change = Callable[[Authenticator], None]


def with_(**values: Any) -> Change:
    def change(authenticator: Authenticator) -> None:
        for name, value in values.items():
            setattr(authenticator, name, value)

    return change


LIES = {
    "of another origin": (with_(origin="https://evil.example"), "refused"),
    "of an origin that begins alike": (with_(origin="https://example.org.evil"), "refused"),
    "without TLS": (with_(origin="http://example.org"), "refused"),
    "for another domain": (with_(rp_id="evil.example"), "refused"),
    "nobody was there": (with_(flags=VERIFIED), "refused"),
    "nobody was known": (with_(flags=PRESENT), "refused"),
    "kept elsewhere, which it may not be": (with_(flags=GOOD | BACKED_UP), "refused"),
    "in a frame": (with_(client_data={"crossOrigin": True}), "refused"),
    "in a frame, said otherwise": (with_(client_data={"crossOrigin": "true"}), "refused"),
    "below another page": (with_(client_data={"topOrigin": "https://evil.example"}), "refused"),
    "another challenge": (with_(client_data={"challenge": encoded(b"x" * 32)}), "refused"),
    "no text as challenge": (with_(client_data={"challenge": 7}), "malformed"),
    "of the other ceremony": (with_(client_data={"type": "payment.get"}), "refused"),
    "a list as origin": (with_(client_data={"origin": ["https://example.org"]}), "refused"),
    "another id": (None, "refused"),
}


@pytest.mark.parametrize("lie", LIES)
def test_what_is_not_believed_at_registration(lie: str) -> None:
    change, code = LIES[lie]

    async def main() -> None:
        passkeys = made()
        authenticator = Authenticator()
        options, challenge = await passkeys.begin_registration(ANN)
        if change is not None:
            change(authenticator)
        answer = authenticator.create(options)
        if change is None:
            answer["id"] = answer["rawId"] = encoded(b"y" * 32)
        assert await code_of(passkeys.finish_registration(challenge, answer)) == code
        assert await passkeys.storage.of_user("17") == []

    asyncio.run(main())


@pytest.mark.parametrize("lie", [lie for lie, (change, _) in LIES.items() if change])
def test_what_is_not_believed_at_signing_in(lie: str) -> None:
    change, code = LIES[lie]

    async def main() -> None:
        passkeys = made()
        authenticator = Authenticator()
        passkey = await registered(passkeys, authenticator)
        options, challenge = await passkeys.begin_sign_in()
        assert change is not None
        change(authenticator)
        answer = authenticator.get(options)
        assert await code_of(passkeys.finish_sign_in(challenge, answer)) == code
        assert await passkeys.storage.find(authenticator.id) == passkey

    asyncio.run(main())


@on_every_loop
async def test_who_signs_in() -> None:
    passkeys = made()
    ann, bob = Authenticator(), Authenticator()
    await registered(passkeys, ann)
    await registered(passkeys, bob, PasskeyOwner("18", "bob"))
    assert (await signed_in(passkeys, ann)).user == "17"
    assert (await signed_in(passkeys, bob, "18")).user == "18"
    assert await code_of(signed_in(passkeys, ann, "18")) == "refused"
    bob.user_handle, handle = None, bob.user_handle
    assert await code_of(signed_in(passkeys, bob)) == "refused"
    assert (await signed_in(passkeys, bob, "18")).user == "18", "it is known who that is"
    bob.user_handle = ann.user_handle
    assert await code_of(signed_in(passkeys, bob)) == "refused"
    assert await code_of(signed_in(passkeys, bob, "18")) == "refused"
    bob.user_handle = handle
    bob.signer = ES256()
    assert await code_of(signed_in(passkeys, bob)) == "refused", "another's signature"
    assert await code_of(signed_in(passkeys, Authenticator(user_handle=b"x"))) == "unknown"
    assert await passkeys.storage.remove(ann.id, "17")
    assert await code_of(signed_in(passkeys, ann)) == "unknown"


@on_every_loop
async def test_an_answer_is_good_once() -> None:
    passkeys = made()
    authenticator = Authenticator()
    options, challenge = await passkeys.begin_registration(ANN)
    answer = authenticator.create(options)
    await passkeys.finish_registration(challenge, answer)
    assert await passkeys.storage.remove(authenticator.id, "17")
    assert await code_of(passkeys.finish_registration(challenge, answer)) == "expired"
    await registered(passkeys, authenticator)
    options, challenge = await passkeys.begin_sign_in()
    answer = authenticator.get(options)
    results = await asyncio.gather(
        *(passkeys.finish_sign_in(challenge, answer) for _ in range(5)), return_exceptions=True
    )
    assert [type(one) for one in results].count(Passkey) == 1
    codes = {one.code for one in results if isinstance(one, PasskeyError)}
    assert codes == {"expired"}


@on_every_loop
async def test_processes_that_share_a_store_accept_an_answer_once() -> None:
    storage, store = MemoryPasskeys(), MemoryStore()
    one, other = made(storage, used=store), made(storage, used=store)
    authenticator = Authenticator()
    await registered(one, authenticator)
    options, challenge = await one.begin_sign_in()
    answer = authenticator.get(options)
    assert await other.finish_sign_in(challenge, answer)
    assert await code_of(one.finish_sign_in(challenge, answer)) == "expired"


@on_every_loop
async def test_what_is_wrong_takes_no_place_and_does_not_use_the_challenge() -> None:
    passkeys = made(used=(store := MemoryStore()))
    authenticator = Authenticator()
    await registered(passkeys, authenticator)
    before = len(store)
    options, challenge = await passkeys.begin_sign_in()
    authenticator.origin = "https://evil.example"
    assert (
        await code_of(passkeys.finish_sign_in(challenge, authenticator.get(options))) == "refused"
    )
    assert len(store) == before
    authenticator.origin = "https://example.org"
    assert await passkeys.finish_sign_in(challenge, authenticator.get(options))
    assert len(store) == before + 1


def test_it_may_be_too_late(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        passkeys = made(seconds=60)
        authenticator = Authenticator()
        await registered(passkeys, authenticator)
        options, challenge = await passkeys.begin_sign_in()
        answer = authenticator.get(options)
        now = time.time()
        monkeypatch.setattr(module.time, "time", lambda: now + 61)
        assert await code_of(passkeys.finish_sign_in(challenge, answer)) == "expired"

    asyncio.run(main())


@on_every_loop
async def test_a_challenge_is_for_one_of_the_two() -> None:
    passkeys = made()
    authenticator = Authenticator()
    options, challenge = await passkeys.begin_registration(ANN)
    assert (
        await code_of(
            passkeys.finish_sign_in(challenge, authenticator.get({"rpId": "example.org"} | options))
        )
        == "expired"
    )
    _, other = await passkeys.begin_sign_in("17")
    answer = authenticator.create(options | {"challenge": encoded(other.value)})
    assert await code_of(passkeys.finish_registration(other, answer)) == "expired"


def test_a_counter_that_goes_back(expect_log: Any) -> None:
    async def main() -> None:
        passkeys = made()
        authenticator = Authenticator(count=5)
        assert (await registered(passkeys, authenticator)).sign_count == 5
        assert (await signed_in(passkeys, authenticator)).sign_count == 6
        authenticator.count = 100
        assert (await signed_in(passkeys, authenticator)).sign_count == 100
        for count in (100, 99, 1, 0):
            authenticator.count = count
            with expect_log("tornadolike.general", "'17' has counted"):
                assert await code_of(signed_in(passkeys, authenticator)) == "counter"
        authenticator.count = 101
        assert (await signed_in(passkeys, authenticator)).sign_count == 101

    asyncio.run(main())


@on_every_loop
async def test_a_counter_that_goes_back_may_be_accepted() -> None:
    told = []

    class Lenient(Passkeys):
        async def counter_went_back(self, passkey: Passkey, sign_count: int) -> None:
            told.append((passkey.sign_count, sign_count))

    passkeys = Lenient("example.org", "E", ["https://example.org"], MemoryPasskeys())
    authenticator = Authenticator(count=9)
    await registered(passkeys, authenticator)
    authenticator.count = 3
    assert (await signed_in(passkeys, authenticator)).sign_count == 3
    assert told == [(9, 3)]


@on_every_loop
async def test_of_two_that_count_alike_at_the_same_time_one_is_let_in() -> None:
    """A copy and its original, each with a challenge of its own."""

    class Slow(MemoryPasskeys):
        async def find(self, credential_id: bytes) -> Passkey | None:
            found = await super().find(credential_id)
            await asyncio.sleep(0)
            return found

    passkeys = made(Slow())
    authenticator = Authenticator(count=5)
    await registered(passkeys, authenticator)
    copy = replace(authenticator)
    results = await asyncio.gather(
        signed_in(passkeys, authenticator), signed_in(passkeys, copy), return_exceptions=True
    )
    assert sorted(type(one).__name__ for one in results) == ["Passkey", "PasskeyError"]


@on_every_loop
async def test_the_flag_for_backups_never_changes() -> None:
    passkeys = made()
    authenticator = Authenticator()
    await registered(passkeys, authenticator)
    authenticator.flags = GOOD | ELIGIBLE
    assert await code_of(signed_in(passkeys, authenticator)) == "refused"


@on_every_loop
async def test_a_touch_can_be_enough() -> None:
    passkeys = made(user_verification="preferred")
    authenticator = Authenticator(flags=PRESENT)
    assert not (await registered(passkeys, authenticator)).user_verified
    assert not (await signed_in(passkeys, authenticator)).user_verified
    authenticator.flags = GOOD
    assert (await signed_in(passkeys, authenticator)).user_verified


class P384(ES256):
    """A curve that was not asked for."""

    curve = ec.SECP384R1()

    def public(self) -> dict[int, Any]:
        numbers = self.key.public_key().public_numbers()
        return {1: 2, 3: -7, -1: 2, -2: numbers.x.to_bytes(48), -3: numbers.y.to_bytes(48)}


class SaysRSA(ES256):
    def public(self) -> dict[int, Any]:
        return super().public() | {3: -257}


class RS1(RS256):
    def public(self) -> dict[int, Any]:
        return super().public() | {3: -65535}


class Short(RS256):
    bits = 1024


class Huge(RS256):
    """As large as an answer can be: it would keep us busy at each sign-in."""

    def public(self) -> dict[int, Any]:
        return super().public() | {-1: b"\xff" * 30_000}


class OffCurve(ES256):
    def public(self) -> dict[int, Any]:
        return super().public() | {-3: b"\x07" * 32}


class Empty(ES256):
    def public(self) -> dict[int, Any]:
        return {}


@pytest.mark.parametrize("signer", [P384, SaysRSA, RS1, Short, Huge, OffCurve, Empty])
def test_keys_that_are_not_good_enough(signer: type) -> None:
    async def main() -> None:
        passkeys = made()
        assert await code_of(registered(passkeys, Authenticator(signer()))) == "refused"

    asyncio.run(main())


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("id", None, "malformed"),
        ("id", "", "malformed"),
        ("id", "ä", "malformed"),
        ("id", "YWJj=", "malformed"),
        ("id", "Y", "malformed"),
        ("id", encoded(bytes(1024)), "malformed"),
        ("rawId", encoded(b"other"), "refused"),
        ("rawId", 7, "refused"),
        ("type", "password", "refused"),
        ("response", None, "malformed"),
        ("response", [], "malformed"),
        ("response", {}, "malformed"),
        ("response", {"clientDataJSON": encoded(b"{")}, "malformed"),
        ("response", {"clientDataJSON": encoded(b"[]")}, "malformed"),
        ("response", {"clientDataJSON": encoded(b"\xff")}, "malformed"),
        ("response", {"clientDataJSON": encoded(b"[" * 30_000)}, "malformed"),
    ],
)
def test_answers_that_are_none(name: str, value: Any, code: str) -> None:
    async def main() -> None:
        passkeys = made()
        authenticator = Authenticator()
        options, challenge = await passkeys.begin_registration(ANN)
        answer = authenticator.create(options) | {name: value}
        assert await code_of(passkeys.finish_registration(challenge, answer)) == code
        await registered(passkeys, authenticator)
        options, challenge = await passkeys.begin_sign_in()
        answer = authenticator.get(options) | {name: value}
        assert await code_of(passkeys.finish_sign_in(challenge, answer)) == code

    asyncio.run(main())


@pytest.mark.parametrize("value", [7, [], {}, "a b", True])
def test_a_handle_that_is_none(value: Any) -> None:
    async def main() -> None:
        passkeys = made()
        authenticator = Authenticator()
        await registered(passkeys, authenticator)
        options, challenge = await passkeys.begin_sign_in()
        answer = authenticator.get(options)
        answer["response"]["userHandle"] = value
        assert await code_of(passkeys.finish_sign_in(challenge, answer)) == "malformed"

    asyncio.run(main())


@hypothesis.settings(max_examples=60)
@hypothesis.given(data=strategies.data())
def test_whatever_is_changed_in_an_answer_is_refused(data: strategies.DataObject) -> None:
    """Bit by bit, in each member; nothing but our own error comes out."""

    async def main() -> None:
        passkeys = made()
        authenticator = Authenticator(EdDSA(), attestation="packed")
        options, challenge = await passkeys.begin_registration(ANN)
        good = authenticator.create(options)
        passkey = await passkeys.finish_registration(challenge, good)
        sign_in, asked = await passkeys.begin_sign_in()
        signed = authenticator.get(sign_in)
        signs_in = data.draw(strategies.booleans())
        answer = signed if signs_in else good
        members = sorted(set(answer["response"]) - {"transports"})
        member = data.draw(strategies.sampled_from(members))
        raw = bytearray(decoded(answer["response"][member]))
        at = data.draw(strategies.integers(0, len(raw) - 1))
        if data.draw(strategies.booleans()):
            raw[at] ^= 1 << data.draw(strategies.integers(0, 7))
        else:
            raw[at:] = data.draw(strategies.binary(max_size=40))
        hypothesis.assume(bytes(raw) != decoded(answer["response"][member]))
        changed = answer | {"response": answer["response"] | {member: encoded(bytes(raw))}}
        if signs_in and member == "userHandle" and not raw:
            changed["response"]["userHandle"] = ""
        try:
            if signs_in:
                await passkeys.finish_sign_in(asked, changed)
            else:
                await passkeys.storage.remove(passkey.id, "17")
                fresh = Passkeys(
                    "example.org", "E", passkeys.origins, passkeys.storage, used=MemoryStore()
                )
                await fresh.finish_registration(challenge, changed)
        except PasskeyError:
            return
        raise AssertionError(f"{member} may be {bytes(raw)!r}")

    asyncio.run(main())


@pytest.mark.parametrize(
    ("changes", "error", "complaint"),
    [
        ({"rp_id": "https://example.org"}, ValueError, "without scheme"),
        ({"rp_id": ""}, ValueError, "domain"),
        ({"rp_name": ""}, ValueError, "rp_name"),
        ({"origins": "https://example.org"}, TypeError, "a list"),
        ({"user_verification": "discouraged"}, ValueError, "'preferred'"),
        ({"seconds": 0}, ValueError, "more than 0"),
        ({"max_per_user": 0}, ValueError, "more than 0"),
    ],
)
def test_what_cannot_work(changes: dict[str, Any], error: type[Exception], complaint: str) -> None:
    arguments: dict[str, Any] = {
        "rp_id": "example.org",
        "rp_name": "Example",
        "origins": ["https://example.org"],
        "storage": MemoryPasskeys(),
    }
    with pytest.raises(error, match=complaint):
        Passkeys(**arguments | changes)


@pytest.mark.parametrize("owner", [("", "ann"), ("17", ""), ("ü" * 129, "ann")])
def test_owners_that_are_none(owner: tuple[str, str]) -> None:
    with pytest.raises(ValueError, match="user"):
        PasskeyOwner(*owner)


@on_every_loop
async def test_a_name_is_a_short_text() -> None:
    passkeys = made()
    options, challenge = await passkeys.begin_registration(ANN)
    answer = Authenticator().create(options)
    for wrong in ("n" * 65, "a\nb", "\x00", "\ud800"):
        assert await code_of(passkeys.finish_registration(challenge, answer, wrong)) == "malformed"
    name = "\N{MOBILE PHONE}" * 64
    assert (await passkeys.finish_registration(challenge, answer, name)).name == name
