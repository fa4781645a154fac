"""What browsers send, and others: JSON of any shape."""

import asyncio
import json
from typing import Any

import hypothesis
import pytest
from hypothesis import strategies

from tests.auth.passkeys.authenticator import Authenticator, encoded
from tornadolike.auth.passkeys import MemoryPasskeys, PasskeyError, PasskeyOwner, Passkeys
from tornadolike.auth.passkeys.answers import (
    LONGEST_ID,
    challenge_of,
    credential_id_of,
    decoded,
    user_handle_of,
)


@hypothesis.given(value=strategies.binary(min_size=1, max_size=100))
def test_there_and_back(value: bytes) -> None:
    assert decoded(encoded(value)) == value


@pytest.mark.parametrize(
    "value", [None, 7, b"YQ", [], "", "Y", "YQ=", "YQ==", "Y Q", "Y+Q", "Y/Q", "YQ\n", "ä", "٣٣"]
)
def test_what_is_no_base64(value: Any) -> None:
    with pytest.raises(PasskeyError, match="malformed"):
        decoded(value)


def test_ids() -> None:
    assert credential_id_of({"id": encoded(b"x" * LONGEST_ID)}) == b"x" * LONGEST_ID
    for wrong in ({}, {"id": None}, {"id": encoded(b"x" * (LONGEST_ID + 1))}):
        with pytest.raises(PasskeyError, match="malformed"):
            credential_id_of(wrong)


@pytest.mark.parametrize(
    ("response", "handle"),
    [
        ({}, None),
        ({"userHandle": None}, None),
        ({"userHandle": ""}, None),
        ({"userHandle": "YQ"}, b"a"),
    ],
)
def test_handles(response: dict[str, Any], handle: bytes | None) -> None:
    assert user_handle_of({"response": response}) == handle


def client_data(**members: Any) -> dict[str, Any]:
    return {"response": {"clientDataJSON": encoded(json.dumps(members).encode())}}


def test_challenges() -> None:
    assert challenge_of(client_data(challenge="YQ")) == b"a"
    assert challenge_of(client_data(challenge="YQ", crossOrigin=False)) == b"a"
    for wrong in (None, [], "x", {}, {"response": "x"}, client_data(), client_data(challenge=[])):
        with pytest.raises(PasskeyError, match="malformed"):
            challenge_of(wrong)
    for frame in (
        {"crossOrigin": True},
        {"crossOrigin": None},
        {"crossOrigin": 0},
        {"topOrigin": None},
    ):
        with pytest.raises(PasskeyError, match="frame"):
            challenge_of(client_data(challenge="YQ", **frame))


values = strategies.recursive(
    strategies.none()
    | strategies.booleans()
    | strategies.integers()
    | strategies.floats()
    | strategies.text()
    | strategies.binary().map(encoded),
    lambda inner: strategies.lists(inner) | strategies.dictionaries(strategies.text(), inner),
    max_leaves=5,
)


@pytest.mark.once
@hypothesis.settings(max_examples=200)
@hypothesis.given(data=strategies.data())
def test_whatever_is_put_into_an_answer(data: strategies.DataObject) -> None:
    """Another value for a member, or none: it is as good as before, or our own error comes out."""

    async def main() -> None:
        storage = MemoryPasskeys()
        passkeys = Passkeys("example.org", "E", ["https://example.org"], storage)
        authenticator = Authenticator()
        options, challenge = await passkeys.begin_registration(PasskeyOwner("17", "ann"))
        answer: Any = authenticator.create(options)
        finish: Any = passkeys.finish_registration
        if data.draw(strategies.booleans()):
            await finish(challenge, answer)
            options, challenge = await passkeys.begin_sign_in()
            answer, finish = authenticator.get(options), passkeys.finish_sign_in
        where = answer if data.draw(strategies.booleans()) else answer["response"]
        member = data.draw(strategies.sampled_from([*sorted(where), "authenticatorAttachment"]))
        if data.draw(strategies.booleans()):
            where[member] = data.draw(values)
        else:
            where.pop(member, None)
        try:
            await finish(challenge, answer)
        except PasskeyError:
            assert member != "transports", "browsers need not say these"
        else:
            assert member in ("transports", "authenticatorAttachment")

    asyncio.run(main())
