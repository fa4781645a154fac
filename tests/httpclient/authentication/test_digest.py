"""The Digest scheme (RFC 7616)."""

import pytest

from tests.httpclient.authentication.letting_in import check, said
from tests.httpclient.scripted import ScriptedAnswer, converse, ok, to
from tests.running import on_jumping_clock
from tornadolike.httpclient.addresses import parse_url
from tornadolike.httpclient.authentication import DigestAuth
from tornadolike.httpclient.authentication.digest import MAX_ORIGINS
from tornadolike.httpclient.engine import Hop
from tornadolike.httputil import HTTPHeaders

URL = "http://www.example.org/dir/index.html"
RFC = (
    'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm={}, '
    'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", '
    'opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"'
)


def asked(*challenges, **fields):
    headers = [("WWW-Authenticate", challenge) for challenge in challenges]
    return ScriptedAnswer(401, *headers, *fields.items())


@pytest.fixture
def cnonce(monkeypatch):
    """That of the RFC's examples."""
    monkeypatch.setattr(
        "secrets.token_hex", lambda size: "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
    )


@pytest.mark.parametrize(
    ("algorithm", "response"),
    [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ],
)
@on_jumping_clock
async def test_the_examples_of_the_rfc(cnonce, algorithm, response):
    auth = DigestAuth("Mufasa", "Circle of Life")
    engine, _, answer = await converse(URL, asked(RFC.format(algorithm)), ok(), auth=auth)
    assert answer.status == 200
    first, second = engine.sent("Authorization")
    assert first is None
    assert said(second) == {
        "username": "Mufasa",
        "realm": "http-auth@example.org",
        "uri": "/dir/index.html",
        "algorithm": algorithm,
        "nonce": "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
        "nc": "00000001",
        "cnonce": "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
        "qop": "auth",
        "response": response,
        "opaque": "FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS",
    }


@on_jumping_clock
async def test_the_example_with_a_hashed_name():
    """RFC 7616 section 3.9.2, and what its erratum corrects of it: the hash is SHA-512/256."""
    challenge = (
        'Digest realm="api@example.org", qop="auth", algorithm=SHA-512-256, userhash=true, charset=UTF-8, '
        'nonce="5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK", '
        'opaque="HRPCssKJSGjCrkzDg8OhwpzCiGPChXYjwrI2QmXDnsOS"'
    )
    auth = DigestAuth("Jäsøn Doe", "Secret, or not?")
    engine, _, _ = await converse(
        "http://api.example.org/doe.json", asked(challenge), ok(), auth=auth
    )
    fields = said(engine.sent("Authorization")[1])
    assert fields["username"] == (
        "793263caabb707a56211940d90411ea4a575adeccb7e360aeb624ed06ece9b0b"
    )
    assert fields["userhash"] == "true"


@pytest.mark.parametrize(
    ("algorithm", "qop"),
    [
        *(("", ""), ("", ", qop=auth"), ("", ', qop="x, AUTH-INT , "')),
        *((", algorithm=MD5-sess", ", qop=auth"), (", algorithm=MD5-sess", ", qop=auth-int")),
        (', algorithm="SHA-256-sess"', ', qop="auth"'),
    ],
)
@on_jumping_clock
async def test_each_kind(algorithm, qop):
    auth = DigestAuth("Mufasa", "secret")
    challenge = f'Digest realm="r", nonce="n"{algorithm}{qop}'
    engine, _, _ = await converse(
        URL + "?q", asked(challenge), ok(), auth=auth, method="POST", body="body"
    )
    fields = said(engine.sent("Authorization")[1])
    assert fields["uri"] == "/dir/index.html?q"
    assert check(fields, "secret", "POST", b"body")
    assert not check(fields, "another", "POST", b"body")


@on_jumping_clock
async def test_the_strongest_is_taken_and_of_these_the_first():
    engine, _, _ = await converse(
        URL,
        asked(
            'Digest realm="m", nonce="1"',
            'Basic realm="b"',
            'Digest realm="x", nonce="3", algorithm=SHA-256, Digest realm="y", nonce="4", algorithm=SHA-256',
            'Digest realm="z", nonce="5", algorithm=SHA-9',
        ),
        ok(),
        auth=DigestAuth("Mufasa", "secret"),
    )
    assert said(engine.sent("Authorization")[1])["realm"] == "x"


@pytest.mark.parametrize(
    "challenge",
    [
        *("Basic realm=x", "Digest realm=x", 'Digest nonce=""', "Digest nonce=x, algorithm=SHA-9"),
        *(
            "Digest nonce=x, qop=auth-conf",
            "Digest nonce=x, qop=",
            "Digest nonce=x, algorithm=MD5-sess",
            'Digest nonce="x',
            "Digest",
        ),
    ],
)
@on_jumping_clock
async def test_what_cannot_be_answered(challenge):
    _, _, answer = await converse(URL, asked(challenge), auth=DigestAuth("a", "b"))
    assert answer.status == 401


@on_jumping_clock
async def test_the_nonce_is_counted_and_kept():
    auth = DigestAuth("Mufasa", "secret")
    challenge = 'Digest realm="r", nonce="n", qop=auth'
    await converse(URL, asked(challenge), ok(), auth=auth)
    for count in (2, 3):
        engine, _, _ = await converse("http://www.example.org/other", ok(), auth=auth)
        (value,) = engine.sent("Authorization")
        assert said(value)["nc"] == f"{count:08x}"
        assert check(said(value), "secret")
    engine, _, _ = await converse("http://else.example/", ok(), auth=auth)
    assert engine.sent("Authorization") == [None]


@on_jumping_clock
async def test_another_nonce():
    """The server says that the old one is stale, or nothing of the kind; or gives the next one in advance."""
    auth = DigestAuth("Mufasa", "secret")
    first = 'Digest realm="r", nonce="1", qop=auth'
    stale = 'Digest realm="r", nonce="2", qop=auth, stale=TRUE'
    engine, _, _ = await converse(URL, asked(first), asked(stale), ok(), auth=auth)
    assert [said(value)["nonce"] for value in engine.sent("Authorization")[1:]] == ["1", "2"]
    restarted = 'Digest realm="r", nonce="3", qop=auth'
    following = ("Authentication-Info", 'nextnonce="4", qop=auth, rspauth="x"')
    engine, _, _ = await converse(URL, asked(restarted), ok(following), auth=auth)
    fields = [said(value) for value in engine.sent("Authorization")]
    assert [(field["nonce"], field["nc"]) for field in fields] == [
        ("2", "00000002"),
        ("3", "00000001"),
    ]
    engine, _, _ = await converse(URL, ok(), auth=auth)
    fields = said(engine.sent("Authorization")[0])
    assert (fields["nonce"], fields["nc"]) == ("4", "00000001")


@pytest.mark.parametrize("nonce", ["a%0d%0aX:%20y", "%e2%82%ac", "%00"])
@on_jumping_clock
async def test_a_next_nonce_that_no_header_can_have(nonce):
    auth = DigestAuth("Mufasa", "Circle of Life")
    first = 'Digest realm="r", nonce="1", qop=auth'
    following = ("Authentication-Info", f"nextnonce*=UTF-8''{nonce}")
    await converse(URL, asked(first), ok(following), auth=auth)
    engine, _, _ = await converse(URL, ok(), auth=auth)
    assert said(engine.sent("Authorization")[0])["nonce"] == "1"


@on_jumping_clock
async def test_a_wrong_password_is_said_once():
    auth = DigestAuth("Mufasa", "wrong")
    for _ in range(2):
        engine, _, answer = await converse(
            URL,
            asked('Digest realm="r", nonce="1", qop=auth'),
            asked('Digest realm="r", nonce="2", qop=auth'),
            auth=auth,
        )
        assert answer.status == 401
        assert [value is None for value in engine.sent("Authorization")] == [True, False]


@on_jumping_clock
async def test_a_server_that_always_says_stale():
    script = [asked(f"Digest realm=r, nonce={n}, qop=auth, stale=true") for n in range(4)]
    engine, _, answer = await converse(URL, *script, auth=DigestAuth("a", "b"))
    assert answer.status == 401
    assert len(engine.hops) == 4


@on_jumping_clock
async def test_what_is_in_quotes_stays_there():
    auth = DigestAuth('Mu"fa\\sa', "secret")
    challenge = r'Digest realm="a\"b", nonce="n\\", opaque="o, uri=\"x\"", qop=auth'
    engine, _, _ = await converse(URL, asked(challenge), ok(), auth=auth)
    fields = said(engine.sent("Authorization")[1])
    assert fields["username"] == 'Mu"fa\\sa'
    assert (fields["realm"], fields["nonce"]) == ('a"b', "n\\")
    assert (fields["opaque"], fields["uri"]) == ('o, uri="x"', "/dir/index.html")
    assert check(fields, "secret")


@on_jumping_clock
async def test_names_beyond_ascii():
    auth = DigestAuth("Jäsøn", "x")
    engine, _, _ = await converse(
        URL, asked('Digest realm="Pla\u00c3\u00a9", nonce=n, charset=UTF-8'), ok(), auth=auth
    )
    value = engine.sent("Authorization")[1]
    assert "username*=UTF-8''J%C3%A4s%C3%B8n, realm=\"Pla\u00c3\u00a9\"" in value
    value.encode("latin1")
    auth = DigestAuth("Jäsøn", "x")
    engine, _, _ = await converse(URL, asked("Digest realm=r, nonce=n"), ok(), auth=auth)
    value = engine.sent("Authorization")[1]
    assert 'username="Jäsøn"'.encode() in value.encode("latin1")


@on_jumping_clock
async def test_bodies_that_nobody_knows():
    async def produce(write):
        await write(b"x")

    options = {"method": "POST", "body_producer": produce, "auth": DigestAuth("a", "b")}
    _, _, answer = await converse(URL, asked("Digest realm=r, nonce=n, qop=auth-int"), **options)
    assert answer.status == 401
    challenge = asked('Digest realm=r, nonce=n, qop="auth-int, auth"')
    engine, _, _ = await converse(URL, challenge, ok(), **options)
    assert said(engine.sent("Authorization")[1])["qop"] == "auth"


@on_jumping_clock
async def test_redirects():
    auth = DigestAuth("a", "b")
    challenge = "Digest realm=r, nonce=n, qop=auth"
    engine, _, _ = await converse(
        URL, asked(challenge), to("/x"), to("http://evil.example/"), asked(challenge), auth=auth
    )
    assert [value is None for value in engine.sent("Authorization")] == [True, False, False, True]
    assert said(engine.sent("Authorization")[2])["uri"] == "/x"


def test_it_does_not_remember_all_the_world():
    auth = DigestAuth("a", "b")
    headers = HTTPHeaders({"WWW-Authenticate": "Digest realm=r, nonce=n"})
    for number in range(MAX_ORIGINS + 5):
        hop = Hop("GET", parse_url(f"http://h{number}/"), HTTPHeaders())
        assert auth.answered(hop, 401, headers, 0)
    assert len(auth._sessions) == MAX_ORIGINS
    auth.sign(hop)
    assert "Authorization" in hop.headers


def test_the_password_is_not_shown():
    assert repr(DigestAuth("a", "secret")) == "DigestAuth('a', ...)"
