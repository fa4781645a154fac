"""Make sure that a script runs on a Python that is new enough.

Written in the syntax of old Pythons (3.5), because it is for them: it looks for a newer one and
starts the script again with it, or says what to do.
"""

import glob
import os
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import NoReturn

OLDEST = (3, 11)
# Newest first: each is tested, and newer is faster.
NAMES = ["python3.14", "python3.13", "python3.12", "python3.11"]
STARTED_AGAIN = "TORNADOLIKE_STARTED_AGAIN"


def run(module: str) -> "NoReturn":
    """Run `module.main()` on this Python or a newer one, and exit with what it returns."""
    if os.name != "posix":
        sys.exit("The scripts in maint/ need Linux, macOS or a BSD. On Windows, use WSL.")
    if sys.version_info[:2] < OLDEST:
        _start_again()
    os.environ.pop(STARTED_AGAIN, None)
    __import__(module)
    sys.exit(sys.modules[module].main())


def find_all() -> "Iterator[tuple[str, tuple[int, ...]]]":
    """Yield `(path, version)` of the newest working Python of each version that is new enough.

    A file of the right name proves nothing: pyenv leaves shims that only print an error for a
    version that isn't selected. So each candidate has to say its version.
    """
    folders = os.environ.get("PATH", os.defpath).split(os.pathsep)
    folders += sorted(glob.glob(os.path.expanduser("~/.pyenv/versions/*/bin")), reverse=True)
    for name in NAMES:
        for folder in folders:
            path = os.path.join(folder, name)
            if not (os.path.isfile(path) and os.access(path, os.X_OK)):
                continue
            version = version_of(path)
            if version and version >= OLDEST:
                yield path, version
                break


def version_of(path: str) -> "tuple[int, ...] | None":
    """Return the version of the Python at `path` as numbers, or None when it does not work."""
    question = "import sys; print('%d.%d.%d' % sys.version_info[:3])"
    try:
        process = subprocess.Popen(
            [path, "-c", question], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        answer = process.communicate()[0].decode("ascii")
        return tuple(int(part) for part in answer.split("."))
    except (OSError, ValueError):
        return None


def _start_again() -> "NoReturn":
    here = "%d.%d.%d" % sys.version_info[:3]
    wanted = "%d.%d" % OLDEST
    # Once is enough: a Python that lies about its version must not send us round in circles.
    for path, _version in [] if STARTED_AGAIN in os.environ else find_all():
        sys.stderr.write("Python %s is too old; going on with %s.\n" % (here, path))
        sys.stderr.flush()
        os.environ[STARTED_AGAIN] = "1"
        os.execv(path, [path, *sys.argv])
    sys.stderr.write(
        "tornadolike needs Python %s or newer. This is Python %s (%s),\n"
        "and none of %s was found to work.\n\n"
        "Install one, for example:\n"
        "    Debian, Ubuntu   sudo apt-get install python3 python3-venv   (or python%s)\n"
        "    Fedora           sudo dnf install python3.13\n"
        "    macOS            brew install python\n"
        "    anywhere         pyenv install 3.13\n"
        "then run %s again.\n"
        % (wanted, here, sys.executable, ", ".join(NAMES), wanted, sys.argv[0])
    )
    sys.exit(3)
