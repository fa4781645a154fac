"""The site with nothing in front of it: HTTPS on several processors, and a port for those who come by HTTP."""

from __future__ import annotations

import shutil
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deploy.programs import TORNADOLIKE, Program, Site
from tests.deploy.visitor import Traffic, Visitor
from tests.tls_certs import Certificates

pytestmark = [pytest.mark.once, pytest.mark.production, pytest.mark.timeout(240)]


@pytest.fixture
def certificate(tmp_path: Path, certs: Certificates) -> Path:
    """A certificate that will be renewed."""
    return Path(shutil.copy(certs.server, tmp_path / "certificate.pem"))


@pytest.fixture
def site(tmp_path: Path, certificate: Path) -> Iterator[Site]:
    with Site(tmp_path, "--port", "0", "--certificate", str(certificate)) as site:
        yield site


def test_the_certificate_is_renewed_and_no_visitor_notices(
    site: Site, certificate: Path, certs: Certificates
) -> None:
    anybody = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    anybody.check_hostname = False
    anybody.verify_mode = ssl.CERT_NONE
    shown = ssl.get_server_certificate(("127.0.0.1", site.port))
    assert shown in certificate.read_text()
    with Traffic(Visitor(site.port, anybody)) as traffic:
        traffic.wait_for(20)
        shutil.copy(certs.not_yet, certificate)
        site.reload()
        shown = ssl.get_server_certificate(("127.0.0.1", site.port))
        assert shown in certificate.read_text()
        traffic.wait_for(20)
    assert traffic.wrong == []


def test_all_are_sent_to_https_but_who_renews_the_certificate(tmp_path: Path) -> None:
    challenges = tmp_path / ".well-known" / "acme-challenge"
    challenges.mkdir(parents=True)
    (challenges / "token").write_text("what was agreed on")
    command = ["run", "demos.deploy.to_https:make_app", "--workers", "1", "--port", "0"]
    log = tmp_path / "log"
    environment = {"ACME_FOLDER": str(tmp_path)}
    with Program([*TORNADOLIKE, *command], log, environment=environment) as program:
        program.wait_until(lambda: " is served on " in program.log())
        visitor = Visitor(program.port, None)
        for path in ("/", "/slow?seconds=1"):
            status, headers, _ = visitor.ask(path, Host="site.example")
            assert (status, headers["Location"]) == (308, f"https://site.example{path}")
        assert visitor.ask("/.well-known/acme-challenge/token")[2] == b"what was agreed on"
        assert visitor.ask("/.well-known/acme-challenge/../../certificate.pem")[0] != 200
