"""Certificates for the developer's own machine: an authority of one's own, and what it has signed.

.. code-block:: console

    $ python -m tornadolike.tls.development ~/.certificates

makes them for ``localhost``, ``127.0.0.1`` and ``::1`` (further names may follow), prints where they are and
what to do with them. A program gets the same from :func:`development_certificate`.

Four files are in the folder. ``ca.pem`` is what browsers and clients have to trust, once. ``ca-key.pem`` is
its key. ``server.pem`` and ``server-key.pem`` are for servers. They are used again as long as they are good
and have all the names; what is not is made anew, with the new names and the old ones.

Whoever gets hold of ``ca-key.pem`` could pretend to be anybody towards a browser that trusts ``ca.pem``.
So it can be read by its owner only, what somebody else could have put there is not used, and the authority
may sign for nothing but ``localhost``, names below ``.localhost`` and ``.test``, and the names it was made
for (RFC 5280, section 4.2.1.10). With a name of another kind it has to be made, and trusted, anew.
"""

import argparse
import contextlib
import datetime
import errno
import fcntl
import os
import stat
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography import x509

from .making import MadeCertificate, make_authority, make_certificate
from .names import general_name

OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO
OTHERS_WRITE: Final = stat.S_IWGRP | stat.S_IWOTH

RENEWAL: Final = datetime.timedelta(days=7)
"""What has less than this left is not used any more."""

LOCAL_NAMES: Final = ("localhost", "127.0.0.1", "::1")
"""Names that every development certificate has."""


@dataclass(frozen=True)
class DevelopmentCertificate:
    """Paths of what :func:`development_certificate` made."""

    certfile: str
    """The server's certificate."""
    keyfile: str
    """The server's key."""
    ca_certs: str
    """The authority's certificate, for clients to trust."""

    @property
    def ssl_options(self) -> dict[str, str]:
        """For a server: ``app.listen(8443, ssl_options=certificate.ssl_options)``."""
        return {"certfile": self.certfile, "keyfile": self.keyfile}

    @property
    def client_ssl_options(self) -> dict[str, str]:
        """For a client of that server, which verifies it."""
        return {"ca_certs": self.ca_certs}


def development_certificate(
    folder: str | os.PathLike[str], names: Iterable[str] = ()
) -> DevelopmentCertificate:
    """Certificates for a server on this machine; see the head of this module.

    :arg folder: where they are, or are to be put. It is made if it is missing.
    :arg names: host names and IP addresses besides :data:`LOCAL_NAMES`. ``*.example.test`` is for all
        names right below ``example.test``.

    Several processes may ask at once. Raises :exc:`ValueError` for what is no host name, and
    :exc:`OSError` if the folder cannot be written to, or others may write to it: they could put an authority
    of theirs there for you to trust.
    """
    wanted = [_spelled(general_name(name)) for name in (*LOCAL_NAMES, *names)]
    place = Path(folder)
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _alone_in(place):
        authority, server = _load(place, "ca"), _load(place, "server")
        known = [_spelled(name) for name in server.names()] if server is not None else []
        wanted = list(dict.fromkeys([*wanted, *known]))
        if authority is None or not authority.may_sign_for(map(general_name, wanted)):
            authority = make_authority(wanted)
            authority.save(*_paths(place, "ca"))
        if server is None or len(wanted) > len(known) or not authority.has_signed(server):
            server = make_certificate(wanted, issuer=authority)
            server.save(*_paths(place, "server"))
    certfile, keyfile = _paths(place, "server")
    ca_certs, _ = _paths(place, "ca")
    return DevelopmentCertificate(str(certfile), str(keyfile), str(ca_certs))


@contextlib.contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Wait until no other process makes certificates in ``folder``."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for found in (os.lstat(folder), os.fstat(descriptor)):  # also of the link to it
            _check_is_ours(folder, found)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _check_is_ours(folder: Path, found: os.stat_result) -> None:
    owners = {0, os.geteuid()}
    if found.st_uid not in owners:
        raise PermissionError(
            errno.EPERM, "this is somebody else's: choose a folder of your own", str(folder)
        )
    if not stat.S_ISLNK(found.st_mode) and found.st_mode & OTHERS_WRITE:
        raise PermissionError(
            errno.EPERM, "others may write here: chmod go-w, or choose another folder", str(folder)
        )


def _spelled(name: x509.GeneralName) -> str:
    """A name as everybody spells it who means the same."""
    return str(name.value)


def _load(folder: Path, name: str) -> MadeCertificate | None:
    """What is in the folder under this name, if it can be used."""
    certfile, keyfile = _paths(folder, name)
    try:
        if keyfile.stat().st_mode & OTHERS:
            return None  # somebody may know it
        loaded = MadeCertificate.load(certfile.read_bytes(), keyfile.read_bytes())
    except (FileNotFoundError, ValueError):
        return None
    return loaded if _is_good(loaded.certificate) else None


def _is_good(certificate: x509.Certificate) -> bool:
    begin, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    return begin <= datetime.datetime.now(datetime.UTC) < end - RENEWAL


def _paths(folder: Path, name: str) -> tuple[Path, Path]:
    return folder / f"{name}.pem", folder / f"{name}-key.pem"


def main(arguments: Sequence[str] | None = None) -> None:
    """The command; see the head of this module."""
    parser = argparse.ArgumentParser(
        prog="python -m tornadolike.tls.development",
        description="Make certificates for servers on this machine, and print where they are.",
    )
    parser.add_argument("folder", help="where they are, or are to be put")
    parser.add_argument("names", nargs="*", help="host names and IP addresses besides localhost")
    options = parser.parse_args(arguments)
    try:
        made = development_certificate(options.folder, options.names)
    except (ValueError, OSError) as error:
        parser.error(str(error))
    sys.stdout.write(
        f"certfile {made.certfile}\nkeyfile  {made.keyfile}\nca_certs {made.ca_certs}\n"
    )
    sys.stderr.write(
        "Let your browser trust ca_certs as an authority for web sites, once. For curl: --cacert.\n"
    )


if __name__ == "__main__":
    main()
