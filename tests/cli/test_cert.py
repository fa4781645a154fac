"""``python -m tornadolike cert``."""

import ssl
import stat

import pytest
from cryptography import x509

from tornadolike.cli import main
from tornadolike.cli.cert import default_folder


def said(capsys, *arguments):
    status = main(["cert", *map(str, arguments)])
    told = capsys.readouterr()
    return status, told.out + told.err


def files(text):
    return [line.split(maxsplit=2)[-1] for line in text.splitlines()[:3]]


def names(path):
    certificate = x509.load_pem_x509_certificate(path.read_bytes())
    found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return [str(name.value) for name in found]


def test_it_makes_one_and_uses_it_again(tmp_path, capsys):
    status, text = said(capsys, "--folder", tmp_path / "c", "site.test")
    assert status == 0
    folder = tmp_path / "c"
    assert files(text) == [
        str(folder / name) for name in ("server.pem", "server-key.pem", "ca.pem")
    ]
    assert {"localhost", "127.0.0.1", "::1", "site.test"} == set(names(folder / "server.pem"))
    for name in ("server-key.pem", "ca-key.pem"):
        assert stat.S_IMODE((folder / name).stat().st_mode) == 0o600
    assert f"curl --cacert {folder / 'ca.pem'} " in text
    before = (folder / "server.pem").read_bytes()
    assert said(capsys, "--folder", folder) == (0, text)
    assert (folder / "server.pem").read_bytes() == before
    ssl.create_default_context(cafile=folder / "ca.pem")


def test_self_signed(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    status, text = said(capsys, "--self-signed", "--folder", "c", "a.example")
    assert status == 0
    certificate, key, trusted = files(text)
    assert certificate == trusted == str(tmp_path / "c" / "self-signed.pem")
    assert "a.example" in names(tmp_path / "c" / "self-signed.pem")
    assert {path.name for path in (tmp_path / "c").iterdir()} == {
        "self-signed.pem",
        "self-signed-key.pem",
    }
    assert stat.S_IMODE((tmp_path / "c" / "self-signed-key.pem").stat().st_mode) == 0o600
    ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(certificate, key)


def test_where_it_is_by_default(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert default_folder() == tmp_path / "tornadolike" / "certificates"
    monkeypatch.delenv("XDG_DATA_HOME")
    monkeypatch.setenv("HOME", "/home/x")
    assert str(default_folder()) == "/home/x/.local/share/tornadolike/certificates"


@pytest.mark.parametrize("more", [[], ["--self-signed"]])
def test_what_cannot_be(tmp_path, capsys, more):
    status, text = said(capsys, "--folder", tmp_path, "not a name", *more)
    assert status == 2
    assert "neither a host name nor an IP address" in text
    (tmp_path / "file").touch()
    status, text = said(capsys, "--folder", tmp_path / "file", *more)
    assert status == 2
    assert text.startswith(f"tornadolike: {tmp_path / 'file'}: ")
    assert "--folder DIR" in text
    assert text.count("\n") == 1
