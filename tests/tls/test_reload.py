"""New certificates in a server that runs."""

import asyncio
import gc
import os
import ssl
import time
import weakref
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.running import on_every_loop, on_jumping_clock
from tests.tls.conftest import BOTH_VERSIONS, Site
from tests.tls.shaking import client_seen, shake_hands, shown
from tests.tls_certs import Authority
from tornadolike.tls import CertificateError, ServerCertificates
from tornadolike.tls.certificates import UNDER_WAY
from tornadolike.tls.files import CertificateFiles
from tornadolike.tls.loading import ATTEMPTS


def shown_to_new(certificates: ServerCertificates, site: Site, name: str = "a.test") -> str:
    return shown(shake_hands(certificates.context, site.client(check_hostname=False), name))


def test_new_connections_get_what_is_new(site: Site):
    certificates = ServerCertificates(
        site.issue("a", "a.test", common_name="old"), site.issue("b", "b.test")
    )
    context = certificates.context
    before = shake_hands(context, site.client(), "a.test")
    site.issue("a", "a.test", "c.test", common_name="new")
    assert shown_to_new(certificates, site) == "old"
    certificates.reload()
    assert certificates.context is context
    assert shown_to_new(certificates, site) == "new"
    assert shown_to_new(certificates, site, "b.test") == "b"
    assert shown_to_new(certificates, site, "c.test") == "new"
    assert certificates.names == {"a.test", "b.test", "c.test"}
    before.server.write(b"on it goes")
    assert before.client.read(100) == b"on it goes"


def test_a_name_that_is_no_longer_there(site: Site):
    certificates = ServerCertificates(site.issue("a", "a.test"), site.issue("b", "b.test"))
    site.issue("b", "c.test")
    certificates.reload()
    assert shown_to_new(certificates, site, "b.test") == "a"
    assert certificates.names == {"a.test", "c.test"}


def test_a_key_of_another_kind_leaves_nothing_of_the_old_one(site: Site):
    """A certificate that is loaded into a context stays there until one of its kind comes."""
    certificates = ServerCertificates(site.issue("a", "a.test", rsa=True))
    client = site.client(maximum_version=ssl.TLSVersion.TLSv1_2)
    client.set_ciphers("ECDHE-RSA-AES128-GCM-SHA256")
    shake_hands(certificates.context, client, "a.test")
    site.issue("a", "a.test")
    certificates.reload()
    with pytest.raises(ssl.SSLError, match="HANDSHAKE_FAILURE"):
        shake_hands(certificates.context, client, "a.test")


@BOTH_VERSIONS
def test_sessions_outlive_a_reload(site: Site, version):
    certificates = ServerCertificates(site.issue("a", "a.test"), site.issue("b", "b.test"))
    client = site.client(maximum_version=version)
    for name in ("a.test", "b.test"):
        session = shake_hands(certificates.context, client, name).client.session
        site.issue("a", "a.test")
        certificates.reload()
        assert shake_hands(certificates.context, client, name, session).server.session_reused


@BOTH_VERSIONS
def test_sessions_do_not_outlive_the_trust_in_their_client(site: Site, version):
    members = Authority("authority of members")
    site.write("members.pem", members.certificate, site.authority.certificate)
    certificates = ServerCertificates(
        site.issue("a", "a.test"), ca_certs=site.folder / "members.pem"
    )
    client = site.client(*site.issue("client", authority=members), maximum_version=version)
    first = shake_hands(certificates.context, client, "a.test")
    assert client_seen(first) == "client"
    certificates.reload()
    again = shake_hands(certificates.context, client, "a.test", first.client.session)
    assert again.server.session_reused

    site.write("members.pem", site.authority.certificate)
    certificates.reload()
    with pytest.raises(ssl.SSLError, match="ACCESS_DENIED"):
        shake_hands(certificates.context, client, "a.test", again.client.session)
    with pytest.raises(ssl.SSLError, match=r"UNKNOWN_CA|CERTIFICATE_VERIFY_FAILED"):
        shake_hands(certificates.context, client, "a.test")


@BOTH_VERSIONS
@pytest.mark.parametrize(("ago", "resumed"), [(UNDER_WAY / 2, False), (UNDER_WAY + 2, True)])
def test_a_handshake_under_way_is_not_forgotten(site: Site, version, ago, resumed, monkeypatch):
    """A client that was trusted as it began may be done when it is not any more."""
    certificates = ServerCertificates(site.issue("a", "a.test"), ca_certs=site.ca)
    client = site.client(*site.issue("client"), maximum_version=version)
    site.write("ca.pem", site.authority.certificate, Authority("another").certificate)
    now = time.time()
    with monkeypatch.context() as patch:
        patch.setattr(time, "time", lambda: now - ago)
        certificates.reload()
    session = shake_hands(certificates.context, client, "a.test").client.session
    if resumed:
        assert shake_hands(certificates.context, client, "a.test", session).server.session_reused
    else:
        with pytest.raises(ssl.SSLError, match="ACCESS_DENIED"):
            shake_hands(certificates.context, client, "a.test", session)


def test_a_new_authority_of_clients(site: Site):
    certificates = ServerCertificates(site.issue("a", "a.test"), ca_certs=site.ca)
    members = Authority("authority of members")
    client = site.client(*site.issue("client", authority=members))
    site.write("ca.pem", members.certificate)
    with pytest.raises(ssl.SSLError, match=r"UNKNOWN_CA|CERTIFICATE_VERIFY_FAILED"):
        shake_hands(certificates.context, client, "a.test")
    certificates.reload()
    assert client_seen(shake_hands(certificates.context, client, "a.test")) == "client"


@pytest.mark.parametrize("file", ["a.pem", "a.key", "b.pem", "b.key", "ca.pem"])
@pytest.mark.parametrize("content", [None, "", "nonsense", "other"])
def test_bad_files_change_nothing(site: Site, file, content):
    certificates = ServerCertificates(
        site.issue("a", "a.test", common_name="old"),
        site.issue("b", "b.test"),
        ca_certs=site.ca,
        cert_reqs=ssl.CERT_OPTIONAL,
    )
    site.issue("other", "a.test")
    if file != "a.pem":
        site.issue("a", "a.test", common_name="new")
    path = site.folder / file
    if content is None:
        path.unlink()
    elif content == "other" and file != "ca.pem":
        path.write_bytes((site.folder / f"other{path.suffix}").read_bytes())
    else:
        path.write_text(content)
    with pytest.raises(CertificateError, match=str(path.stem)):
        certificates.reload()
    assert shown_to_new(certificates, site) == "old"


def test_what_was_there_before_is_let_go(site: Site):
    certificates = ServerCertificates(site.issue("a", "a.test"), site.issue("b", "b.test"))
    before = [
        weakref.ref(shake_hands(certificates.context, site.client(), name).server.context)
        for name in ("a.test", "b.test")
    ]
    site.issue("a", "a.test")
    certificates.reload()
    gc.collect()
    gone, unchanged = before
    assert gone() is None
    assert unchanged() is not None  # a site with a thousand names does not load them all again


def test_a_new_authority_makes_all_contexts_anew(site: Site):
    certificates = ServerCertificates(
        site.issue("a", "a.test"), ca_certs=site.ca, cert_reqs=ssl.CERT_OPTIONAL
    )
    ends = shake_hands(certificates.context, site.client(), "a.test")
    site.write("ca.pem", Authority("another").certificate)
    certificates.reload()
    again = shake_hands(certificates.context, site.client(), "a.test")
    assert again.server.context is not ends.server.context


# Files that change while they are read


def replace_while_reading(
    monkeypatch: pytest.MonkeyPatch, replace: list[Callable[[], object]]
) -> None:
    """After each reading of a certificate, before it is loaded, do the next of ``replace``."""
    read = CertificateFiles.read

    def read_and_replace(files):
        leaf = read(files)
        if replace:
            replace.pop(0)()
        return leaf

    monkeypatch.setattr(CertificateFiles, "read", read_and_replace)


def test_names_and_certificate_are_of_one_file(site: Site, monkeypatch):
    files = site.issue("a", "old.test", common_name="old")
    replace_while_reading(monkeypatch, [lambda: site.issue("a", "new.test", common_name="new")])
    certificates = ServerCertificates(files)
    assert certificates.names == {"new.test"}
    assert shown_to_new(certificates, site) == "new"


def test_half_of_what_is_new_is_read_again(site: Site, monkeypatch):
    files = site.issue("a", "a.test", common_name="old")

    def replace_the_key():
        certificate = Path(files[0]).read_bytes()
        site.issue("a", "a.test", common_name="new")
        self_made[:] = [Path(files[0]).read_bytes()]
        Path(files[0]).write_bytes(certificate)

    self_made: list[bytes] = []
    replace_while_reading(
        monkeypatch,
        [replace_the_key, lambda: Path(files[0]).write_bytes(self_made[0])],
    )
    assert shown_to_new(ServerCertificates(files), site) == "new"


def test_files_that_never_rest(site: Site, monkeypatch):
    files = site.issue("a", "a.test")
    replace_while_reading(monkeypatch, [lambda: site.issue("a", "a.test")] * ATTEMPTS)
    with pytest.raises(CertificateError, match=r"change while they are read \(\S+a\.pem"):
        ServerCertificates(files)


# Watching


class Certbot:
    """Keeps certificates as certbot does: all of them in one folder, and links in another to the latest."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.generation = 0
        (site.folder / "archive").mkdir()
        (site.folder / "live").mkdir()
        self.files = (site.folder / "live" / "fullchain.pem", site.folder / "live" / "privkey.pem")
        self.issue()
        for link in self.files:
            self.switch(link)

    def issue(self) -> None:
        """A new certificate in the archive."""
        self.generation += 1
        made = self.site.issue("made", "a.test", common_name=f"generation {self.generation}")
        for path, link in zip(made, self.files, strict=True):
            Path(path).rename(self.archived(link))

    def archived(self, link: Path) -> Path:
        return self.site.folder / "archive" / f"{link.stem}{self.generation}.pem"

    def switch(self, link: Path) -> None:
        """One of the links, to the latest."""
        temporary = link.with_suffix(".new")
        temporary.symlink_to(self.archived(link))
        os.replace(temporary, link)


@on_jumping_clock
async def test_links_that_are_switched_are_followed(site: Site, expect_log):
    certbot = Certbot(site)
    certificates = ServerCertificates(certbot.files)
    certificates.watch()
    await asyncio.sleep(200)
    assert shown_to_new(certificates, site) == "generation 1"
    certbot.issue()
    certbot.switch(certbot.files[0])
    with expect_log("tornadolike.general", "stay as they were: the key in", count=1):
        await asyncio.sleep(200)
    assert shown_to_new(certificates, site) == "generation 1"
    certbot.switch(certbot.files[1])
    with expect_log("tornadolike.general", "certificates were loaded: 1, for 1 names", count=1):
        await asyncio.sleep(61)
    assert shown_to_new(certificates, site) == "generation 2"
    certificates.unwatch()
    certbot.issue()
    for link in certbot.files:
        certbot.switch(link)
    await asyncio.sleep(200)
    assert shown_to_new(certificates, site) == "generation 2"


@on_jumping_clock
async def test_each_new_complaint_is_told_once(site: Site, expect_log):
    certificates = ServerCertificates(site.issue("a", "a.test"))
    certificates.watch(1)
    key = site.folder / "a.key"
    aside = site.folder / "aside"
    for _ in range(2):
        with expect_log("tornadolike.general", "cannot read", count=1):
            key.rename(aside)
            await asyncio.sleep(5)
        with expect_log("tornadolike.general", "cannot use", count=1):
            key.write_text("nonsense")
            await asyncio.sleep(5)
        with expect_log("tornadolike.general", "cannot read", count=1):
            key.unlink()
            await asyncio.sleep(5)
        with expect_log("tornadolike.general", "certificates were loaded", count=1):
            key.write_bytes(aside.read_bytes())
            await asyncio.sleep(1)
    certificates.unwatch()
    certificates.unwatch()


@on_jumping_clock
async def test_files_that_are_back_as_they_were(site: Site, expect_log):
    files = site.issue("a", "a.test")
    (site.folder / "link").symlink_to(files[1])
    certificates = ServerCertificates((files[0], site.folder / "link"))
    certificates.watch(1)
    for _ in range(2):
        with expect_log("tornadolike.general", "cannot read", count=1):
            (site.folder / "link").unlink()
            await asyncio.sleep(5)
        (site.folder / "link").symlink_to(files[1])
        await asyncio.sleep(5)
    certificates.unwatch()


@on_every_loop
async def test_watching_on_each_kind_of_loop(site: Site):
    certificates = ServerCertificates(site.issue("a", "a.test"))
    certificates.watch(100)
    certificates.watch(0.001)
    site.issue("a", "b.test")
    async with asyncio.timeout(10):
        while certificates.names != {"b.test"}:
            await asyncio.sleep(0.001)
    certificates.unwatch()


@on_every_loop
async def test_a_senseless_interval(site: Site):
    certificates = ServerCertificates(site.issue("a", "a.test"))
    with pytest.raises(ValueError, match="interval should be positive"):
        certificates.watch(0)
