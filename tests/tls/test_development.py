"""Certificates for the developer's own machine."""

import fcntl
import os
import ssl
import stat
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

from tests.tls.shaking import Ends, shake_hands
from tornadolike.tls import development, making
from tornadolike.tls.development import (
    LOCAL_NAMES,
    DevelopmentCertificate,
    development_certificate,
    main,
)


def handshake(made: DevelopmentCertificate, name: str) -> Ends:
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(made.certfile, made.keyfile)
    client = ssl.create_default_context(cafile=made.ca_certs)
    client.verify_flags |= ssl.VERIFY_X509_STRICT
    return shake_hands(server, client, name)


@pytest.fixture(autouse=True)
def _umask():
    """The files have to be the owner's alone whatever the umask says."""
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.mark.parametrize("name", [*LOCAL_NAMES, "www.example.com", "a.example.test", "192.0.2.7"])
def test_clients_that_trust_the_authority_verify_the_server(tmp_path, name):
    made = development_certificate(tmp_path, ["www.example.com", "*.example.test", "192.0.2.7"])
    handshake(made, name)


def test_other_names_are_not_in_it(tmp_path):
    made = development_certificate(tmp_path)
    with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        handshake(made, "www.example.com")


def test_names_are_written_as_the_wire_has_them(tmp_path):
    handshake(development_certificate(tmp_path, ["BÜCHER.example"]), "xn--bcher-kva.example")


def test_the_files_are_the_owners_alone(tmp_path):
    folder = tmp_path / "new" / "folder"
    made = development_certificate(folder)
    assert {path.name for path in folder.iterdir()} == {
        "ca.pem",
        "ca-key.pem",
        "server.pem",
        "server-key.pem",
    }
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in folder.iterdir())
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert made.ssl_options == {"certfile": made.certfile, "keyfile": made.keyfile}
    assert made.client_ssl_options == {"ca_certs": made.ca_certs}


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def changed(folder: Path, before: dict[str, bytes]) -> set[str]:
    return {name for name, content in contents(folder).items() if content != before.get(name)}


SERVER = {"server.pem", "server-key.pem"}
AUTHORITY = {"ca.pem", "ca-key.pem"}


def test_what_is_good_is_used_again(tmp_path):
    made = development_certificate(tmp_path, ["a.test"])
    before = contents(tmp_path)
    assert development_certificate(tmp_path) == made
    assert development_certificate(str(tmp_path), ["a.test", "localhost"]) == made
    assert not changed(tmp_path, before)


def test_a_further_name_needs_no_new_trust(tmp_path):
    development_certificate(tmp_path, ["a.test"])
    before = contents(tmp_path)
    made = development_certificate(tmp_path, ["b.test", "app.localhost"])
    assert changed(tmp_path, before) == SERVER
    for name in ("a.test", "b.test", "app.localhost"):
        handshake(made, name)


def test_a_name_the_authority_may_not_sign_for_makes_a_new_one(tmp_path):
    development_certificate(tmp_path, ["a.example.com"])
    before = contents(tmp_path)
    made = development_certificate(tmp_path, ["a.example.org", "192.0.2.7"])
    assert changed(tmp_path, before) == SERVER | AUTHORITY
    for name in ("a.example.com", "a.example.org", "192.0.2.7"):
        handshake(made, name)


@pytest.mark.parametrize("name", ["www.example.com", "nottest", "192.0.2.7"])
def test_the_authoritys_signature_is_worth_nothing_for_other_names(tmp_path, monkeypatch, name):
    made = development_certificate(tmp_path)
    signer = making.MadeCertificate.load(
        Path(made.ca_certs).read_bytes(), (tmp_path / "ca-key.pem").read_bytes()
    )
    with monkeypatch.context() as patched:  # we would not do it
        patched.setattr(making.MadeCertificate, "may_sign_for", lambda self, names: True)
        signed = making.make_certificate([name], issuer=signer)
    signed.save(made.certfile, made.keyfile)
    with pytest.raises(ssl.SSLCertVerificationError, match="permitted subtree violation"):
        handshake(made, name)


def other_key(folder: Path, name: str) -> bytes:
    development_certificate(folder / "other")
    return (folder / "other" / name).read_bytes()


@pytest.mark.parametrize(
    ("file", "broken"),
    [
        ("server.pem", lambda folder: b"nonsense"),
        ("server-key.pem", lambda folder: b"nonsense"),
        ("server-key.pem", lambda folder: other_key(folder, "server-key.pem")),
        ("server.pem", lambda folder: (folder / "ca.pem").read_bytes()),
        ("ca-key.pem", lambda folder: b""),
        ("ca.pem", lambda folder: other_key(folder, "ca.pem")),
        ("ca.pem", lambda folder: (folder / "server.pem").read_bytes()),
    ],
)
def test_what_is_broken_is_made_anew(tmp_path, file, broken):
    folder = tmp_path / "certificates"
    development_certificate(folder)
    content = broken(folder)
    (folder / file).write_bytes(content)
    handshake(development_certificate(folder), "localhost")


@pytest.mark.parametrize("name", ["server", "ca"])
def test_what_is_missing_is_made_anew(tmp_path, name):
    made = development_certificate(tmp_path)
    for path in (f"{name}.pem", f"{name}-key.pem"):
        (tmp_path / path).unlink()
        handshake(development_certificate(tmp_path), "localhost")
    handshake(made, "localhost")


def test_what_soon_ends_is_made_anew(tmp_path):
    made = development_certificate(tmp_path)
    signer = making.MadeCertificate.load(
        Path(made.ca_certs).read_bytes(), (tmp_path / "ca-key.pem").read_bytes()
    )
    left = development.RENEWAL.days
    making.make_certificate(LOCAL_NAMES, days=left, issuer=signer).save(made.certfile, made.keyfile)
    before = contents(tmp_path)
    development_certificate(tmp_path)
    assert changed(tmp_path, before) == SERVER


@pytest.mark.parametrize(
    "name", ["https://localhost", "localhost:80", "", "a..b", "a b", "*", "-a"]
)
def test_what_is_no_name_is_refused(tmp_path, name):
    with pytest.raises(ValueError, match="neither a host name nor an IP address"):
        development_certificate(tmp_path, [name])
    assert not list(tmp_path.iterdir())


def test_while_files_are_made_others_wait(tmp_path, monkeypatch):
    def try_to_make_some_too(names):
        descriptor = os.open(tmp_path, os.O_RDONLY)
        try:
            with pytest.raises(BlockingIOError):
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        finally:
            os.close(descriptor)
        asked.append(names)
        return making.make_authority(names)

    asked = []
    monkeypatch.setattr(development, "make_authority", try_to_make_some_too)
    development_certificate(tmp_path)
    assert asked


def test_processes_that_ask_at_once_get_one_answer(tmp_path):
    with ProcessPoolExecutor(3) as pool:
        list(pool.map(development_certificate, [tmp_path] * 6))
    before = contents(tmp_path)
    handshake(development_certificate(tmp_path), "localhost")
    assert not changed(tmp_path, before)


def test_a_folder_that_cannot_be(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file"):
        development_certificate(tmp_path / "file" / "folder")


def test_a_folder_that_others_may_write_to_is_not_trusted(tmp_path):
    """They could have put an authority there of which they have the key."""
    for mode in (0o770, 0o777, 0o1777):
        tmp_path.chmod(mode)
        with pytest.raises(PermissionError, match="others may write here: chmod go-w"):
            development_certificate(tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_folder_of_somebody_else_is_not_trusted(tmp_path, monkeypatch):
    made = os.getuid()
    if made == 0:  # whose folders everybody trusts
        os.chown(tmp_path, 1234, -1)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: made + 1)
    with pytest.raises(PermissionError, match="somebody else's"):
        development_certificate(tmp_path)


@pytest.mark.skipif(os.getuid() != 0, reason="only root makes links in the name of others")
def test_a_link_of_somebody_else_is_not_followed(tmp_path):
    folder, link = tmp_path / "folder", tmp_path / "link"
    folder.mkdir(0o700)
    link.symlink_to(folder)
    development_certificate(link)
    os.chown(link, 1234, -1, follow_symlinks=False)
    with pytest.raises(PermissionError, match="somebody else's"):
        development_certificate(link)


@pytest.mark.parametrize(("name", "again"), [("ca", SERVER | AUTHORITY), ("server", SERVER)])
def test_a_key_that_others_may_have_read_is_not_used(tmp_path, name, again):
    development_certificate(tmp_path)
    before = contents(tmp_path)
    (tmp_path / f"{name}-key.pem").chmod(0o640)
    development_certificate(tmp_path)
    assert changed(tmp_path, before) == again
    assert stat.S_IMODE((tmp_path / f"{name}-key.pem").stat().st_mode) == 0o600


def test_the_command_prints_the_paths(tmp_path):
    command = [sys.executable, "-W", "error", "-m", "tornadolike.tls.development"]
    done = subprocess.run(
        [*command, tmp_path, "a.test"], capture_output=True, text=True, check=True
    )
    made = development_certificate(tmp_path, ["a.test"])
    assert dict(line.split() for line in done.stdout.splitlines()) == {
        "certfile": made.certfile,
        "keyfile": made.keyfile,
        "ca_certs": made.ca_certs,
    }


def test_the_command_says_what_is_wrong(tmp_path, capsys):
    with pytest.raises(SystemExit):
        main([str(tmp_path), "a:80"])
    assert "'a:80' is neither a host name" in capsys.readouterr().err
