"""Which certificate a server shows to whom, and what it asks of clients."""

import ssl

import pytest
from cryptography.hazmat.primitives import serialization

from tests.tls.conftest import BOTH_VERSIONS, Site, s_client
from tests.tls.shaking import client_seen, shake_hands, shown
from tests.tls_certs import Authority
from tornadolike.tls import CertificateError, ServerCertificates


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.test", "first"),
        ("b.test", "second"),
        ("B.Test", "second"),
        ("also.b.test", "second"),
        ("x.c.test", "wild"),
        ("special.c.test", "special"),
        ("c.test", "first"),
        ("y.x.c.test", "first"),
        ("unknown.test", "first"),
        ("test", "first"),
        (None, "first"),
    ],
)
def test_the_certificate_is_chosen_by_name(site: Site, name, expected):
    certificates = ServerCertificates(
        site.issue("first", "a.test"),
        site.issue("second", "b.test", "also.b.test"),
        site.issue("wild", "*.c.test"),
        site.issue("special", "special.c.test"),
    )
    client = site.client(check_hostname=False)
    assert shown(shake_hands(certificates.context, client, name)) == expected
    assert certificates.names == {
        "a.test",
        "b.test",
        "also.b.test",
        "*.c.test",
        "special.c.test",
    }


def test_clients_verify_what_they_get(site: Site):
    certificates = ServerCertificates(site.issue("a", "a.test"), site.issue("b", "b.test"))
    for name in ("a.test", "b.test"):
        shake_hands(certificates.context, site.client(), name)
    with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        shake_hands(certificates.context, site.client(), "c.test")


def test_one_file_for_all(site: Site):
    path = site.folder / "whole.pem"
    site.authority.issue(path, "whole", ["a.test"])
    for each in (path, str(path)):
        assert shown(shake_hands(ServerCertificates(each).context, site.client(), "a.test"))


def test_a_certificate_without_names_is_for_the_others(site: Site):
    certificates = ServerCertificates(site.issue("nameless"), site.issue("b", "b.test"))
    client = site.client(check_hostname=False)
    assert shown(shake_hands(certificates.context, client, "a.test")) == "nameless"
    assert shown(shake_hands(certificates.context, client, "b.test")) == "b"


@pytest.mark.parametrize("name", ["a.test", None])
@pytest.mark.parametrize("kind", ["RSA", "ECDSA"])
def test_one_name_has_keys_of_several_kinds(site: Site, name, kind):
    certificates = ServerCertificates(
        site.issue("RSA", "a.test", rsa=True),
        site.issue("ECDSA", "a.test"),
        site.issue("not this", "a.test"),
        site.issue("nor this", "a.test", rsa=True),
    )
    client = site.client(check_hostname=False, maximum_version=ssl.TLSVersion.TLSv1_2)
    client.set_ciphers(f"ECDHE-{kind}-AES128-GCM-SHA256")
    assert shown(shake_hands(certificates.context, client, name)) == kind


@pytest.mark.parametrize(
    ("signature", "expected"),
    [("rsa_pss_rsae_sha256", "CN = RSA"), ("ecdsa_secp256r1_sha256", "CN = ECDSA")],
)
def test_kinds_of_keys_with_tls_1_3(site: Site, listen, signature, expected):
    certificates = ServerCertificates(
        site.issue("default", "b.test"),
        site.issue("RSA", "a.test", rsa=True),
        site.issue("ECDSA", "a.test"),
    )
    server = listen(certificates.context)
    said = s_client(server.port, "-tls1_3", "-servername", "a.test", "-sigalgs", signature)
    assert f"subject={expected}" in said


def test_unknown_names_can_be_refused(site: Site):
    certificates = ServerCertificates(site.issue("a", "a.test"), refuse_unknown_names=True)
    client = site.client(check_hostname=False)
    assert shown(shake_hands(certificates.context, client, "a.test")) == "a"
    assert shown(shake_hands(certificates.context, client, None)) == "a"
    with pytest.raises(ssl.SSLError, match="UNRECOGNIZED_NAME"):
        shake_hands(certificates.context, client, "b.test")


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_names_that_are_none(site: Site):
    """Python says of the first kind, to nobody and on stderr, that it could not ask us."""
    certificates = ServerCertificates(site.issue("a", "a.test"))

    def say_hello(name: bytes) -> None:
        ours, theirs = ssl.MemoryBIO(), ssl.MemoryBIO()
        client = site.client().wrap_bio(ssl.MemoryBIO(), ours, server_hostname="zzzz.test")
        server = certificates.context.wrap_bio(theirs, ssl.MemoryBIO(), server_side=True)
        with pytest.raises(ssl.SSLWantReadError):
            client.do_handshake()
        theirs.write(ours.read().replace(b"zzzz.test", name))
        server.do_handshake()

    with pytest.raises(ssl.SSLError, match="CALLBACK_FAILED"):
        say_hello(b"\xff\xfe\xfd\xfc.test")
    with pytest.raises(ssl.SSLError, match="BAD_EXTENSION"):
        say_hello(b"zz\0z.test")
    for strange in (b".........", b"*.*.*.*.*", b"\n\r\t .test", b"-*a.test "):
        with pytest.raises(ssl.SSLWantReadError):  # the client's turn
            say_hello(strange)


# What is safe by itself


@BOTH_VERSIONS
def test_what_is_agreed_on_is_safe(site: Site, version):
    certificates = ServerCertificates(site.issue("a", "a.test"))
    client = site.client(maximum_version=version)
    client.set_alpn_protocols(["spdy/1", "http/1.1"])
    ends = shake_hands(certificates.context, client, "a.test")
    assert ends.client.selected_alpn_protocol() == "http/1.1"
    assert ends.client.compression() is None
    name, _, bits = ends.client.cipher()
    assert "GCM" in name or "CHACHA20" in name
    assert bits >= 128


def test_weak_ciphers_are_refused(site: Site):
    certificates = ServerCertificates(site.issue("a", "a.test"))
    client = site.client(maximum_version=ssl.TLSVersion.TLSv1_2)
    client.set_ciphers("ECDHE-ECDSA-AES256-SHA384:ECDHE-ECDSA-AES128-SHA")
    with pytest.raises(ssl.SSLError, match="HANDSHAKE_FAILURE"):
        shake_hands(certificates.context, client, "a.test")


def test_ciphers_and_protocols_of_ones_own(site: Site):
    certificates = ServerCertificates(
        site.issue("a", "a.test"),
        site.issue("b", "b.test"),
        ciphers="ECDHE-ECDSA-AES256-SHA384",
        alpn_protocols=["chat/2", "chat/1"],
    )
    client = site.client(maximum_version=ssl.TLSVersion.TLSv1_2)
    client.set_alpn_protocols(["chat/1", "chat/2"])
    for name in ("a.test", "b.test"):
        ends = shake_hands(certificates.context, client, name)
        assert ends.client.cipher()[0] == "ECDHE-ECDSA-AES256-SHA384"
        assert ends.client.selected_alpn_protocol() == "chat/2"


@pytest.mark.parametrize("version", ["-tls1", "-tls1_1"])
def test_old_versions_are_refused(site: Site, listen, version):
    server = listen(ServerCertificates(site.issue("a", "a.test")).context)
    said = s_client(server.port, version, "-cipher", "ALL:@SECLEVEL=0")
    assert "alert protocol version" in said


def test_the_context_may_be_told_more(site: Site):
    certificates = ServerCertificates(site.issue("a", "a.test"))
    certificates.context.minimum_version = ssl.TLSVersion.TLSv1_3
    client = site.client(maximum_version=ssl.TLSVersion.TLSv1_2)
    with pytest.raises(ssl.SSLError, match="PROTOCOL_VERSION"):
        shake_hands(certificates.context, client, "a.test")
    certificates.context.num_tickets = 0
    assert not shake_hands(certificates.context, site.client(), "a.test").client.session.has_ticket


# Certificates of clients


@BOTH_VERSIONS
@pytest.mark.parametrize("name", ["a.test", "b.test", None])
@pytest.mark.parametrize("cert_reqs", [None, ssl.CERT_REQUIRED, ssl.CERT_OPTIONAL])
def test_clients_show_certificates(site: Site, version, name, cert_reqs):
    certificates = ServerCertificates(
        site.issue("a", "a.test"),
        site.issue("b", "b.test"),
        ca_certs=site.ca,
        cert_reqs=cert_reqs,
    )
    options = {"check_hostname": False, "maximum_version": version}
    with_one = site.client(*site.issue("client"), **options)
    assert client_seen(shake_hands(certificates.context, with_one, name)) == "client"
    foreign = site.client(
        *site.issue("foreign", authority=Authority("nobody knows this one")), **options
    )
    with pytest.raises(ssl.SSLError, match=r"UNKNOWN_CA|CERTIFICATE_VERIFY_FAILED"):
        shake_hands(certificates.context, foreign, name)
    without = site.client(**options)
    if cert_reqs == ssl.CERT_OPTIONAL:
        assert client_seen(shake_hands(certificates.context, without, name)) is None
    else:
        with pytest.raises(ssl.SSLError, match=r"PEER_DID_NOT_RETURN|HANDSHAKE_FAILURE"):
            shake_hands(certificates.context, without, name)


@BOTH_VERSIONS
def test_a_session_of_one_name_brings_its_client_to_the_others(site: Site, version):
    """OpenSSL resumes before a name is chosen: what a name asks of clients cannot differ."""
    certificates = ServerCertificates(
        site.issue("a", "a.test"), site.issue("b", "b.test"), ca_certs=site.ca
    )
    client = site.client(*site.issue("client"), maximum_version=version, check_hostname=False)
    session = shake_hands(certificates.context, client, "a.test").client.session
    for name in ("a.test", "b.test"):
        ends = shake_hands(certificates.context, client, name, session)
        assert ends.server.session_reused
        assert client_seen(ends) == "client"


@BOTH_VERSIONS
def test_a_session_is_worth_nothing_where_more_is_asked(site: Site, version):
    """Two servers with other demands: the one does not take the other's tickets."""
    files = site.issue("a", "a.test")
    open_to_all = ServerCertificates(files)
    for_members = ServerCertificates(files, ca_certs=site.ca)
    client = site.client(maximum_version=version)
    session = shake_hands(open_to_all.context, client, "a.test").client.session
    assert shake_hands(open_to_all.context, client, "a.test", session).server.session_reused
    with pytest.raises(ssl.SSLError, match=r"PEER_DID_NOT_RETURN|HANDSHAKE_FAILURE"):
        shake_hands(for_members.context, client, "a.test", session)


# What is no certificate


def encrypted(site: Site) -> None:
    path = site.folder / "a.key"
    key = serialization.load_pem_private_key(path.read_bytes(), None)
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"secret"),
        )
    )


BREAKAGES = {
    r"cannot read \S+a\.pem: No such file": lambda site: (site.folder / "a.pem").unlink(),
    r"cannot read \S+a\.key: No such file": lambda site: (site.folder / "a.key").unlink(),
    r"cannot read \S+ca\.pem: No such file": lambda site: (site.folder / "ca.pem").unlink(),
    r"a\.pem has no certificate in PEM form": lambda site: (site.folder / "a.pem").write_text("x"),
    r"cannot use the certificate in \S+a\.pem with the key in \S+a\.key": lambda site: (
        site.folder / "a.key"
    ).write_text("x"),
    r"ca\.pem has no certificate of an authority": lambda site: (site.folder / "ca.pem").write_text(
        ""
    ),
    r"the key in \S+a\.key is not the key of the certificate in \S+a\.pem.*try again": lambda site: (
        (site.folder / "a.key").write_bytes((site.folder / "b.key").read_bytes())
    ),
    r"the key in \S+a\.key is encrypted: pass its password": encrypted,
}


@pytest.mark.parametrize("message", BREAKAGES)
def test_what_cannot_be_used_is_named(site: Site, message):
    a, b = site.issue("a", "a.test"), site.issue("b", "b.test")
    BREAKAGES[message](site)
    with pytest.raises(CertificateError, match=message):
        ServerCertificates(b, a, ca_certs=site.ca)


@pytest.mark.parametrize("password", ["secret", b"secret", lambda: "secret"])
def test_a_key_with_a_password(site: Site, password):
    files = site.issue("a", "a.test")
    encrypted(site)
    certificates = ServerCertificates(files, password=password)
    assert shown(shake_hands(certificates.context, site.client(), "a.test")) == "a"
    with pytest.raises(CertificateError, match="the password is not that of the key"):
        ServerCertificates(files, password="wrong")


def test_a_certificate_that_is_not_needed_has_to_be_good_too(site: Site):
    first, second = site.issue("a", "a.test"), site.issue("b", "a.test")
    (site.folder / "b.key").unlink()
    with pytest.raises(CertificateError, match=r"b\.key"):
        ServerCertificates(first, second)


def test_one_that_has_ended_is_shown_with_a_warning(site: Site, expect_log):
    files = site.issue("a", "a.test", age=365)
    with expect_log("tornadolike.general", r"The certificate in \S+a\.pem ended at", count=1):
        certificates = ServerCertificates(files)
    with pytest.raises(ssl.SSLCertVerificationError, match="expired"):
        shake_hands(certificates.context, site.client(), "a.test")
    files = site.issue("a", "a.test", age=-365)
    with expect_log("tornadolike.general", r"The certificate in \S+a\.pem is good from", count=1):
        ServerCertificates(files)


def test_arguments_that_contradict_each_other(site: Site):
    files = site.issue("a", "a.test")
    with pytest.raises(ValueError, match="one certificate at least"):
        ServerCertificates()
    with pytest.raises(ValueError, match="belong together"):
        ServerCertificates(files, cert_reqs=ssl.CERT_REQUIRED)
    with pytest.raises(ValueError, match="belong together"):
        ServerCertificates(files, ca_certs=site.ca, cert_reqs=ssl.CERT_NONE)
