"""What a provider says of itself: read as the specification wants it, over real connections."""

import asyncio
import json
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.auth.openid.publisher import WELL_KNOWN, Publisher
from tests.running import on_every_loop
from tornadolike.auth import Discovery, ProviderAnswerError, ProviderUnavailableError
from tornadolike.auth.openid.discovery import Metadata
from tornadolike.auth.openid.keeping import Keeping

ISSUER = "https://id.example.com"
DOCUMENT = {
    "issuer": ISSUER,
    "authorization_endpoint": ISSUER + "/authorize",
    "token_endpoint": ISSUER + "/token",
    "jwks_uri": ISSUER + "/keys",
}


@pytest.fixture
def publisher(serve):
    publisher = Publisher()
    publisher.url = serve(publisher.application()).url
    publisher.publish(publisher.url)
    return publisher


@on_every_loop
async def test_a_provider_is_asked_once(publisher):
    discovery = Discovery(publisher.url)
    all_of_them = await asyncio.gather(*[discovery.metadata() for _ in range(10)])
    assert {each.token_endpoint for each in all_of_them} == {publisher.url + "/token"}
    assert await discovery.keys.find({"alg": "ES256"})
    assert publisher.asked == [WELL_KNOWN, "/keys"]


@pytest.mark.parametrize("prefix", ["/", "/realms/a", "/realms/a/", "/a/b/c"])
def test_where_it_is_asked(publisher, prefix):
    """A slash at the end goes away only there (Discovery section 4.1)."""
    publisher.publish(publisher.url, prefix=prefix)
    metadata = asyncio.run(Discovery(publisher.url + prefix).metadata())
    assert metadata.issuer == publisher.url + prefix
    assert publisher.asked == [prefix.removesuffix("/") + WELL_KNOWN]


@pytest.mark.parametrize(
    "change", [lambda url: url + "/", lambda url: url.replace("127.0.0.1", "localhost")]
)
def test_the_issuer_is_compared_to_the_letter(publisher, change):
    discovery = Discovery(change(publisher.url))
    with pytest.raises(ProviderAnswerError, match="an issuer is written exactly") as caught:
        asyncio.run(discovery.metadata())
    assert publisher.url in str(caught.value)


def test_a_provider_with_another_name_for_itself(publisher):
    template = publisher.url + "/{tenantid}/v2.0"
    publisher.publish(publisher.url, prefix="/common/v2.0", issuer=template)
    metadata = asyncio.run(Discovery(publisher.url + "/common/v2.0", called=template).metadata())
    assert metadata.issuer == template
    with pytest.raises(ProviderAnswerError, match="tenantid"):
        asyncio.run(Discovery(publisher.url + "/common/v2.0").metadata())


@pytest.mark.parametrize(
    ("page", "error", "complaint"),
    [
        ((404, {}, "no"), ProviderAnswerError, "404"),
        ((301, {"Location": "/"}, ""), ProviderAnswerError, "301"),
        ((502, {}, "no"), ProviderUnavailableError, "502"),
        ((200, {}, "<html>"), ProviderAnswerError, "not answered with JSON"),
        ((200, {}, "[]"), ProviderAnswerError, "by a JSON object"),
        ((200, {}, "{}"), ProviderAnswerError, "calls itself 'None'"),
        ((200, {}, " " * 1024 * 1024 + "{}"), ProviderUnavailableError, "cannot be reached"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_answers_that_no_provider_may_give(publisher, page, error, complaint):
    publisher.pages[WELL_KNOWN] = page
    discovery = Discovery(publisher.url)
    with pytest.raises(error, match=complaint):
        asyncio.run(discovery.metadata())
    with pytest.raises(error, match=complaint):
        asyncio.run(discovery.keys.find({"alg": "ES256"}))


@on_every_loop
async def test_who_gives_up_waiting_leaves_the_others(publisher):
    publisher.held = threading.Event()
    discovery = Discovery(publisher.url)
    askers = [asyncio.ensure_future(discovery.metadata()) for _ in range(3)]
    await asyncio.get_running_loop().run_in_executor(None, publisher.arrived.wait, 10)
    askers[0].cancel()
    await asyncio.wait([askers[0]])
    publisher.held.set()
    assert (await askers[1]) is (await askers[2])
    assert publisher.asked == [WELL_KNOWN]


@on_every_loop
async def test_what_has_moved_is_found_when_it_is_old(publisher):
    keeping = Keeping(default=0, shortest=0, pause=0)
    discovery = Discovery(publisher.url, keeping=keeping)
    await discovery.metadata()
    publisher.publish(publisher.url, token_endpoint=publisher.url + "/new")
    assert (await discovery.metadata()).token_endpoint == publisher.url + "/new"


@pytest.mark.parametrize(
    "issuer", ["", "http://id.example.com", "https://a?b", "https://a#b", None]
)
def test_what_cannot_be_an_issuer(issuer):
    with pytest.raises(ValueError, match="issuer is an https URL"):
        Discovery(issuer)


# The document


def read(document, **options):
    return Metadata.from_document(document, issuer=ISSUER, **options)


def test_the_least_that_there_is():
    metadata = read(DOCUMENT)
    assert metadata == Metadata(
        ISSUER, ISSUER + "/authorize", ISSUER + "/token", ISSUER + "/keys", document=DOCUMENT
    )
    assert metadata.id_token_signing_alg_values_supported == ("RS256",)
    assert metadata.token_endpoint_auth_methods_supported == ("client_secret_basic",)
    assert not metadata.authorization_response_iss_parameter_supported


def test_all_that_there_is():
    more = {
        "userinfo_endpoint": ISSUER + "/u",
        "end_session_endpoint": ISSUER + "/e",
        "revocation_endpoint": ISSUER + "/r",
        "introspection_endpoint": ISSUER + "/i",
        "device_authorization_endpoint": ISSUER + "/d",
        "id_token_signing_alg_values_supported": ["ES256", "none", "new"],
        "token_endpoint_auth_methods_supported": [],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": True,
    }
    metadata = read(DOCUMENT | more)
    for name, value in more.items():
        read_value = getattr(metadata, name)
        assert (list(read_value) if isinstance(value, list) else read_value) == value
    assert read(DOCUMENT | dict.fromkeys(more)) == read(DOCUMENT | dict.fromkeys(more))


def test_null_is_as_if_it_was_not_there():
    assert read(DOCUMENT | {"userinfo_endpoint": None}).userinfo_endpoint is None


@pytest.mark.parametrize("name", ["authorization_endpoint", "token_endpoint", "jwks_uri"])
@pytest.mark.parametrize("value", [None, ...])
def test_what_must_be_there(name, value):
    document = DOCUMENT | {name: value}
    if value is ...:
        del document[name]
    with pytest.raises(ProviderAnswerError, match=f"does not say its {name}"):
        read(document)


@pytest.mark.parametrize(
    "name",
    [
        "authorization_endpoint",
        "token_endpoint",
        "jwks_uri",
        "userinfo_endpoint",
        "end_session_endpoint",
    ],
)
@pytest.mark.parametrize(
    "url", ["", 1, "/a", "http://id.example.com/a", "javascript:1", ["https://a"]]
)
def test_urls_are_looked_at(name, url):
    with pytest.raises(ProviderAnswerError, match=f"{name} is no https URL"):
        read(DOCUMENT | {name: url})


@pytest.mark.parametrize(
    "url", ["http://localhost/keys", "http://127.0.0.1:6379/", "HTTP://[::1]/"]
)
def test_a_provider_elsewhere_does_not_send_us_to_this_machine(url):
    with pytest.raises(ProviderAnswerError, match="jwks_uri is no https URL"):
        read(DOCUMENT | {"jwks_uri": url})
    assert read(DOCUMENT | {"jwks_uri": url}, allow_http=True).jwks_uri == url
    here = DOCUMENT | {"issuer": "http://localhost", "jwks_uri": url}
    assert Metadata.from_document(here, issuer="http://localhost").jwks_uri == url


def test_http_can_be_allowed():
    assert (
        read(DOCUMENT | {"jwks_uri": "http://idp:8080/k"}, allow_http=True).jwks_uri
        == "http://idp:8080/k"
    )


@pytest.mark.parametrize("value", ["RS256", 1, {}, ["RS256", 1], [["RS256"]], True])
def test_lists_are_lists_of_texts(value):
    with pytest.raises(ProviderAnswerError, match="no list of texts"):
        read(DOCUMENT | {"id_token_signing_alg_values_supported": value})


@pytest.mark.parametrize("value", ["true", 1, [], {}])
def test_only_true_is_true(value):
    metadata = read(DOCUMENT | {"authorization_response_iss_parameter_supported": value})
    assert metadata.authorization_response_iss_parameter_supported is False


@pytest.mark.parametrize("said", [None, 1, [ISSUER], ISSUER + "/", ISSUER.upper(), "x" * 5000])
def test_another_issuer(said):
    with pytest.raises(ProviderAnswerError, match="calls itself") as caught:
        read(DOCUMENT | {"issuer": said})
    assert len(str(caught.value)) < 500


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.sampled_from([ISSUER, "S256"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(), inner, max_size=2),
    max_leaves=3,
)
NAMES = st.sampled_from([*DOCUMENT, "userinfo_endpoint", "code_challenge_methods_supported"])


@pytest.mark.once
@given(st.dictionaries(NAMES, VALUES))
def test_whatever_it_says_it_is_read_or_an_error_of_ours(said):
    document = json.loads(json.dumps(DOCUMENT | said))
    try:
        metadata = read(document)
    except ProviderAnswerError:
        return
    assert metadata.issuer == ISSUER
    assert metadata.jwks_uri.lower().startswith("https://")
