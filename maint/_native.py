"""The native core of the clone: compiled beside its sources, when they have changed.

All environments of one Python have it in common. Whether it is what the sources say is told by the note
that a build leaves (`tornadolike/_native/built.py`), and the package itself looks at it too: what is
stale is never used, whoever has forgotten to build it. Where it cannot be built everything works without
it, so that is said once for these sources, and not tried again and again.
"""

import hashlib
import os
import runpy
import shlex
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

PURE = "TORNADOLIKE_PURE"
NEEDED = "TORNADOLIKE_NATIVE"
COMMAND = ("setup.py", "-q", "build_ext", "--inplace")


def build(root: Path, python: Path, run: Callable[[list[str]], str]) -> str:
    """Build what is not built for this Python. Returns why that cannot be done, or nothing.

    `run` runs a command, and returns what it said if it failed.
    """
    room = root / "tornadolike" / "_native"
    if is_set(PURE) or not (room / "built.py").exists():
        return ""
    suffix, compiler = _asked(python)
    names = runpy.run_path(str(room / "built.py"))
    if not names["changed"](str(room), suffix):
        return ""
    tried = hashlib.sha256(
        repr((names["fingerprints"](str(room)), shutil.which(compiler))).encode()
    )
    tried.update((root / "setup.py").read_bytes())
    failure = root / ".venvs" / f"native{suffix}.failed"
    if not is_set(NEEDED) and failure.exists() and failure.read_text() == tried.hexdigest():
        return ""
    said = run([str(python), *COMMAND])
    if said:
        failure.write_text(tried.hexdigest())
    else:
        failure.unlink(missing_ok=True)
    return said


def is_set(variable: str) -> bool:
    """Whether a variable of the environment says yes."""
    return os.environ.get(variable, "") not in ("", "0")


def _asked(python: Path) -> tuple[str, str]:
    """What the names of this Python's modules end with, and what compiles them."""
    question = (
        "import sysconfig; print(*map(sysconfig.get_config_var, ('EXT_SUFFIX', 'CC')), sep='\\n')"
    )
    answer = subprocess.run([python, "-c", question], capture_output=True, text=True, check=True)
    suffix, compiler = answer.stdout.splitlines()
    return suffix, (shlex.split(os.environ.get("CC") or compiler) or ["cc"])[0]
