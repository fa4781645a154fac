"""``python -m tornadolike info``: what runs here, for reports of errors and for the question why it is slow."""

import argparse
import contextlib
import json
import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import Final

from tornadolike import __version__

from .. import _native
from ..ioloop.poller import default_poller
from .parsing import Commands

ACCELERATORS: Final = {
    # module: (what installs it, what it is for)
    "msgspec": ("msgspec", "JSON"),
    "orjson": ("orjson", "JSON"),
    "brotli": ("brotli", "compression"),
    "brotlicffi": ("brotlicffi", "compression"),
    "zstandard": ("zstandard", "compression"),
    "pycurl": ("pycurl", "the other HTTP client"),
    "watchfiles": ("watchfiles", "reload"),
}
"""What is used where it is installed."""


def add(commands: Commands) -> None:
    """Add the command to those of the command line."""
    info = commands.add_parser(
        "info",
        help="tell what runs here",
        description="Tell what runs here: the version, the interpreter, whether the native core runs and if not"
        " why, and what else makes it quicker.",
    )
    info.add_argument("--json", action="store_true", help="for programs")
    info.set_defaults(run=_run)


def facts() -> dict[str, object]:
    """What there is to tell."""
    poller = default_poller()
    poller.close()
    return {
        "tornadolike": __version__,
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "executable": sys.executable,
        "platform": platform.platform(),
        "native": _native.RUNNING,
        "reason": _native.REASON,
        "modules": list(_native.MODULES) if _native.RUNNING else [],
        "counting": _native.counts_objects(),
        "poller": type(poller).__name__.removesuffix("Poller").lower(),
        "accelerators": {
            library: {"version": _version(package), "for": purpose}
            for library, (package, purpose) in ACCELERATORS.items()
            if find_spec(library) is not None
        },
    }


def _version(package: str) -> str:
    with contextlib.suppress(PackageNotFoundError):
        return version(package)
    return "?"


def _run(options: argparse.Namespace) -> int:
    known = facts()
    if options.json:
        sys.stdout.write(json.dumps(known, indent=2) + "\n")
        return 0
    found = known["accelerators"]
    assert isinstance(found, dict)
    core = _native.described() + (", which counts its objects" if known["counting"] else "")
    lines = {
        "tornadolike": known["tornadolike"],
        "Python": f"{known['python']}, {known['executable']}",
        "platform": known["platform"],
        "core": core,
        **({"modules": ", ".join(_native.MODULES)} if _native.RUNNING else {}),
        "poller": known["poller"],
        "accelerators": ", ".join(
            f"{name} {about['version']} ({about['for']})" for name, about in found.items()
        )
        or "none of " + ", ".join(ACCELERATORS),
    }
    sys.stdout.writelines(f"{name + ':':14}{value}\n" for name, value in lines.items())
    return 0
