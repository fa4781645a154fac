"""``tornadolike cert``: certificates for servers on the developer's own machine."""

import argparse
import os
import sys
from pathlib import Path

from ..programs.failing import Failure
from ..tls.development import LOCAL_NAMES, OTHERS, development_certificate
from ..tls.making import make_certificate
from .parsing import Commands


def add(commands: Commands) -> None:
    """Add the command to those of the command line."""
    cert = commands.add_parser(
        "cert",
        help="make a certificate for localhost, signed by an authority of your own",
        description="Make a certificate for a server on this machine, and say where it is and who has to trust it."
        f" It is for {', '.join(LOCAL_NAMES)} and the given names, and signed by an authority of your own, which is"
        " made the first time. What is there already, and good, is used again.",
        epilog="The authority can sign for nothing but localhost, names below .localhost and .test, and the names that"
        " it was made for. Its key stays in the folder, and is for you only.",
    )
    cert.add_argument(
        "names", metavar="NAME", nargs="*", help="further host names and IP addresses"
    )
    cert.add_argument(
        "--folder",
        metavar="DIR",
        type=Path,
        default=default_folder(),
        help="where all of it is (default: %(default)s)",
    )
    cert.add_argument(
        "--self-signed",
        action="store_true",
        help="no authority: a certificate that only those trust who are given this very one",
    )
    cert.set_defaults(run=_run)


def default_folder() -> Path:
    """One for all the projects of a user, so that an authority need be trusted only once."""
    data = os.environ.get("XDG_DATA_HOME") or os.path.expanduser("~/.local/share")
    return Path(data, "tornadolike", "certificates")


def _run(options: argparse.Namespace) -> int:
    try:
        certfile, keyfile, trusted = (_self_signed if options.self_signed else _signed)(
            options.folder.expanduser().absolute(), options.names
        )
    except ValueError as error:
        raise Failure(str(error)) from error
    except OSError as error:
        raise Failure(
            f"{error.filename or options.folder}: {error.strerror}; choose a folder by --folder DIR"
        ) from error
    what = "this certificate" if options.self_signed else "the authority"
    sys.stdout.write(
        f"certificate  {certfile}\nkey          {keyfile}\nto trust     {trusted}\n"
        f"""
In a program:
  app.run(port=8443, ssl_options={{"certfile": "{certfile}", "keyfile": "{keyfile}"}})

Clients have to be told to trust {what}, once:
  curl      curl --cacert {trusted} https://localhost:8443/
  tornadolike fetch --cacert {trusted} https://localhost:8443/
  Firefox   Settings, Privacy & Security, View Certificates, Authorities, Import
  Chrome    Settings, Privacy and security, Security, Manage certificates, Authorities, Import
  Debian    sudo cp {trusted} /usr/local/share/ca-certificates/tornadolike.crt && sudo update-ca-certificates
  macOS     security add-trusted-cert -k ~/Library/Keychains/login.keychain-db {trusted}
"""
    )
    return 0


def _signed(folder: Path, names: list[str]) -> tuple[str, str, str]:
    made = development_certificate(folder, names)
    return made.certfile, made.keyfile, made.ca_certs


def _self_signed(folder: Path, names: list[str]) -> tuple[str, str, str]:
    folder.mkdir(mode=0o777 & ~OTHERS, parents=True, exist_ok=True)
    certfile, keyfile = folder / "self-signed.pem", folder / "self-signed-key.pem"
    make_certificate([*LOCAL_NAMES, *names]).save(certfile, keyfile)
    return str(certfile), str(keyfile), str(certfile)
