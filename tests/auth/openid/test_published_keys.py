"""A provider's keys, asked for over real connections."""

import asyncio

import pytest

from tests.auth.jose.tokens import AUDIENCE, ISSUER, claims, key, token
from tests.auth.openid.publisher import Publisher
from tests.running import on_every_loop
from tornadolike.auth import ProviderAnswerError, ProviderUnavailableError, TokenError
from tornadolike.auth.jose.keys import load_key, secret_key
from tornadolike.auth.jose.reading import read_token
from tornadolike.auth.openid.keeping import Keeping
from tornadolike.auth.openid.published_keys import PublishedKeys

AT_ONCE = Keeping(pause=0, failure_pause=0)


def signed_by(signer, **header):
    return token({"alg": signer.alg, "kid": signer.kid} | header, claims(), signer)


async def read(text, keys, **options):
    return await read_token(text, keys, issuer=ISSUER, audience=AUDIENCE, **options)


@pytest.fixture
def publisher(serve):
    publisher = Publisher()
    publisher.url = serve(publisher.application()).url
    publisher.publish(publisher.url)
    return publisher


@pytest.fixture
def keys(publisher):
    return PublishedKeys(publisher.url + "/keys")


@on_every_loop
async def test_they_are_asked_for_once(publisher, keys):
    assert publisher.asked == []
    for _ in range(3):
        assert await read(signed_by(key()), keys)
    assert publisher.asked == ["/keys"]


@on_every_loop
async def test_many_at_once_share_one_question(publisher, keys):
    texts = [signed_by(key())] * 20
    assert len(await asyncio.gather(*[read(text, keys) for text in texts])) == 20
    assert publisher.asked == ["/keys"]


@on_every_loop
async def test_a_new_key_is_found_in_mid_session(publisher):
    keys = PublishedKeys(publisher.url + "/keys", keeping=AT_ONCE)
    assert await read(signed_by(key("ES256", "a")), keys)
    publisher.publish_keys(key("ES256", "b"))
    assert await read(signed_by(key("ES256", "b")), keys)
    assert publisher.count("/keys") == 2
    with pytest.raises(TokenError, match="no key is known for ES256 of the name 'a'"):
        await read(signed_by(key("ES256", "a")), keys)


@on_every_loop
async def test_unknown_names_are_no_flood_of_questions(publisher, keys):
    assert await read(signed_by(key()), keys)
    for number in range(50):
        with pytest.raises(TokenError, match="no key is known"):
            await read(signed_by(key(), kid=f"unknown {number}"), keys)
    assert publisher.count("/keys") == 2


@on_every_loop
async def test_an_unknown_name_at_the_very_first_is_asked_for_once(publisher, keys):
    with pytest.raises(TokenError, match="no key is known"):
        await read(signed_by(key(), kid="unknown"), keys)
    assert publisher.count("/keys") == 1


@on_every_loop
async def test_keys_that_are_exchanged_at_once_are_found_at_once(publisher, keys):
    assert await read(signed_by(key()), keys)
    publisher.publish_keys(key("ES256", "b"))
    assert await read(signed_by(key("ES256", "b")), keys)
    assert publisher.count("/keys") == 2


@on_every_loop
async def test_nor_are_wrong_signatures(publisher, keys):
    assert await read(signed_by(key()), keys)
    for _ in range(50):
        with pytest.raises(TokenError, match="signature is wrong"):
            await read(signed_by(key("ES256", "b"), kid="a"), keys)
    assert publisher.count("/keys") == 2


@on_every_loop
async def test_a_key_that_was_exchanged_without_getting_another_name(publisher):
    keys = PublishedKeys(publisher.url + "/keys", keeping=AT_ONCE)
    assert await read(signed_by(key()), keys)
    new = load_key(key("ES256", "b").as_dict(private=True) | {"kid": "a"})
    publisher.publish_keys(new)
    assert await read(signed_by(new), keys)
    assert publisher.count("/keys") == 2


@on_every_loop
async def test_keys_without_names(publisher):
    keys = PublishedKeys(publisher.url + "/keys", keeping=AT_ONCE)
    nameless = [{**key("ES256", name).as_dict(private=False), "kid": None} for name in "ab"]
    publisher.pages["/keys"] = {"keys": nameless}
    for name in "ab":
        assert await read(token({"alg": "ES256"}, claims(), key("ES256", name)), keys)
        assert await read(signed_by(key("ES256", name)), keys)
    assert publisher.count("/keys") == 1
    with pytest.raises(TokenError, match="signature is wrong"):
        await read(token({"alg": "ES256"}, claims(), key("ES256", "c")), keys)
    publisher.pages["/keys"] = {"keys": [{**key("ES256", "c").as_dict(private=False), "kid": None}]}
    assert await read(token({"alg": "ES256"}, claims(), key("ES256", "c")), keys)


@on_every_loop
async def test_a_secret_that_is_published_is_none(publisher, keys):
    secret = secret_key("0123456789abcdef0123456789abcdef", kid="a")
    publisher.pages["/keys"] = {"keys": [secret.as_dict(private=True)]}
    with pytest.raises(TokenError, match="no key is known for HS256"):
        await read(
            token({"alg": "HS256", "kid": "a"}, claims(), secret), keys, algorithms=["HS256"]
        )


@pytest.mark.parametrize(
    ("page", "error", "complaint"),
    [
        ((404, {}, "no"), ProviderAnswerError, "404"),
        ((302, {"Location": "/other"}, ""), ProviderAnswerError, "302"),
        ((500, {}, "no"), ProviderUnavailableError, "500"),
        ((200, {}, "no"), ProviderAnswerError, "not answered with JSON"),
        ((200, {}, "[]"), ProviderAnswerError, "no JWK Set"),
        ((200, {}, "{}"), ProviderAnswerError, "no JWK Set"),
        ((200, {}, '{"keys": {}}'), ProviderAnswerError, "no JWK Set"),
        ((200, {}, '{"keys": [' + "{}," * 100 + "{}]}"), ProviderAnswerError, "more than 100"),
        ((200, {}, '{"keys": []}'), TokenError, "no key is known"),
        ((200, {}, "[" * 100_000), ProviderAnswerError, "not answered with JSON"),
        ((200, {}, " " * 1024 * 1024 + "{}"), ProviderUnavailableError, "cannot be reached"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_answers_that_no_provider_may_give(publisher, keys, page, error, complaint):
    publisher.pages["/keys"] = page
    with pytest.raises(error, match=complaint):
        asyncio.run(read(signed_by(key()), keys))


@on_every_loop
async def test_keys_are_kept_while_the_provider_is_down(publisher, expect_log):
    keys = PublishedKeys(
        publisher.url + "/keys", keeping=Keeping(default=0, shortest=0, pause=0, failure_pause=0)
    )
    assert await read(signed_by(key()), keys)
    publisher.pages["/keys"] = (503, {}, "")
    with expect_log("tornadolike.general", "a provider's keys cannot be asked for again"):
        assert await read(signed_by(key()), keys)
    assert publisher.count("/keys") == 2


def test_nobody_is_there():
    keys = PublishedKeys("http://127.0.0.1:1/keys")
    with pytest.raises(ProviderUnavailableError, match="cannot be reached"):
        asyncio.run(read(signed_by(key()), keys))


def test_keys_come_by_https():
    with pytest.raises(ValueError, match="keys come by https"):
        PublishedKeys("http://id.example.com/keys")
    assert PublishedKeys("http://id.example.com/keys", allow_http=True)
    assert PublishedKeys("https://id.example.com/keys")


@on_every_loop
async def test_a_url_that_was_found_out_is_looked_at_too():
    async def url():
        return "http://id.example.com/keys"

    with pytest.raises(ProviderAnswerError, match="jwks_uri is no https URL"):
        await read(signed_by(key()), PublishedKeys(url))
