"""Certificates made on the spot."""

import datetime
import os
import ssl
import stat

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from tests.tls.shaking import shake_hands
from tornadolike.tls.making import MadeCertificate, make_authority, make_certificate


def strict(context: ssl.SSLContext) -> ssl.SSLContext:
    """As clients are from Python 3.13 on."""
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    return context


@pytest.mark.parametrize("name", ["localhost", "a.example.com", "127.0.0.1", "192.0.2.7"])
def test_who_trusts_the_authority_trusts_the_server(name):
    names = ["localhost", "*.example.com", "127.0.0.1", "192.0.2.7"]
    authority = make_authority(names)
    server = make_certificate(names, issuer=authority)
    shake_hands(server.server_context(), strict(authority.client_context()), name)


def test_it_is_for_its_names_only():
    authority = make_authority()
    server = make_certificate(["localhost"], issuer=authority)
    with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        shake_hands(server.server_context(), authority.client_context(), "other.test")


def test_another_authority_is_not_trusted():
    server = make_certificate(["localhost"], issuer=make_authority())
    with pytest.raises(ssl.SSLCertVerificationError):
        shake_hands(server.server_context(), make_authority().client_context(), "localhost")


def test_without_an_issuer_it_signs_itself():
    server = make_certificate(["localhost"])
    shake_hands(server.server_context(), strict(server.client_context()), "localhost")
    with pytest.raises(ssl.SSLCertVerificationError, match=r"self.signed"):
        shake_hands(server.server_context(), make_authority().client_context(), "localhost")


def test_clients_show_one_too():
    authority = make_authority()
    server = make_certificate(["localhost"], issuer=authority).server_context()
    server.verify_mode = ssl.CERT_REQUIRED
    server.load_verify_locations(cadata=authority.dump()[0].decode())
    client = authority.client_context()
    make_certificate(["client.test"], issuer=authority, client=True).load_into(client)
    shaken = shake_hands(server, client, "localhost")
    told = shaken.server.getpeercert()
    assert told is not None
    assert told["subjectAltName"] == (("DNS", "client.test"),)

    make_certificate(["client.test"], issuer=authority).load_into(client)
    with pytest.raises(ssl.SSLCertVerificationError, match="certificate purpose"):
        shake_hands(server, client, "localhost")


@pytest.mark.parametrize(
    ("begin", "complaint"), [(-100, "certificate has expired"), (1, "not yet valid")]
)
def test_it_is_good_for_its_days(begin, complaint):
    authority = make_authority()
    day = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=begin)
    server = make_certificate(["localhost"], issuer=authority, begin=day, days=99)
    assert server.certificate.not_valid_after_utc - server.certificate.not_valid_before_utc == (
        datetime.timedelta(days=99)
    )
    with pytest.raises(ssl.SSLCertVerificationError, match=complaint):
        shake_hands(server.server_context(), authority.client_context(), "localhost")


@pytest.mark.parametrize(
    ("key_type", "kind"), [("ec", ec.EllipticCurvePrivateKey), ("rsa", rsa.RSAPrivateKey)]
)
def test_kinds_of_keys(key_type, kind):
    authority = make_authority(key_type=key_type)
    server = make_certificate(["localhost"], key_type=key_type, issuer=authority)
    assert isinstance(authority.key, kind)
    assert isinstance(server.key, kind)
    shake_hands(server.server_context(), strict(authority.client_context()), "localhost")


def test_files_are_the_owners_alone(tmp_path):
    certfile, keyfile = tmp_path / "cert.pem", tmp_path / "key.pem"
    made = make_certificate(["localhost"])
    before = os.umask(0)
    try:
        made.save(certfile, str(keyfile))
    finally:
        os.umask(before)
    for path in tmp_path.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert MadeCertificate.load(certfile.read_bytes(), keyfile.read_bytes()).dump() == made.dump()


def test_a_file_that_cannot_be_written_is_none(tmp_path):
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match="folder"):
        make_certificate(["localhost"]).save(tmp_path / "folder", tmp_path / "key.pem")
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


def pem(key, password=None):
    encryption = (
        serialization.BestAvailableEncryption(password)
        if password
        else serialization.NoEncryption()
    )
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption
    )


def test_what_cannot_be_loaded():
    made = make_certificate(["localhost"])
    certificate, key = made.dump()
    for wrong, complaint in [
        (make_certificate(["localhost"]).dump()[1], "another certificate"),
        (pem(ed25519.Ed25519PrivateKey.generate()), "another kind"),
        (pem(made.key, b"secret"), r"[Pp]assword"),
        (b"nonsense", r"."),
    ]:
        with pytest.raises(ValueError, match=complaint):
            MadeCertificate.load(certificate, wrong)
    with pytest.raises(ValueError, match=r"."):
        MadeCertificate.load(b"nonsense", key)


def test_what_is_asked_for_wrongly():
    with pytest.raises(ValueError, match="at least one name"):
        make_certificate([])
    with pytest.raises(ValueError, match="neither a host name"):
        make_certificate(["a:80"])
    with pytest.raises(ValueError, match="neither a host name"):
        make_authority(["a:80"])
    with pytest.raises(ValueError, match="days should be above 0"):
        make_certificate(["localhost"], days=0)
    with pytest.raises(ValueError, match="one of ec, rsa, not 'dsa'"):
        make_certificate(["localhost"], key_type="dsa")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"may not sign for all of a\.example"):
        make_certificate(["a.example"], issuer=make_authority())
    with pytest.raises(ValueError, match="may not sign"):  # it is no authority
        make_certificate(["a.test"], issuer=make_certificate(["a.test"]))


def test_a_new_one_has_signed_nothing_yet():
    authority = make_authority()
    server = make_certificate(["localhost"], issuer=authority)
    assert authority.has_signed(server)
    assert not make_authority().has_signed(server)
    assert not server.has_signed(authority)
