"""Builds the native core, where that can be done; without it all is the same, and slower.

Variables of the environment say how:

``TORNADOLIKE_PURE=1``
    leave it out
``TORNADOLIKE_NATIVE=1``
    fail where it cannot be built, instead of leaving it out with a warning
``TORNADOLIKE_DEBUG=1``
    for debugging: objects are counted, C's assertions are on, little is optimized
``TORNADOLIKE_SANITIZE=address,undefined``
    what the C compiler's ``-fsanitize`` gets

All of it is built, or nothing: half of it would not run.
"""

import fcntl
import os
import runpy
import shlex
import subprocess
import sys
import sysconfig
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from zlib import crc32

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

HERE = Path(__file__).resolve().parent
ROOM = Path("tornadolike/_native")
BUILDING = {"bdist_wheel", "build", "build_ext", "develop", "editable_wheel", "install"}

DIRECTIVES = {
    "language_level": 3,
    "boundscheck": False,
    "wraparound": False,
    "initializedcheck": False,
    "cdivision": True,
    "auto_pickle": False,
}

built = SimpleNamespace(**runpy.run_path(str(HERE / ROOM / "built.py")))


def is_set(variable: str) -> bool:
    return os.environ.get(variable, "") not in ("", "0")


# Who says `setup.py build_ext` wants just this.
NEEDED = is_set("TORNADOLIKE_NATIVE") or "build_ext" in sys.argv


def flags() -> list[str]:
    """What the C compiler gets. It stands behind Python's own flags, so it is what counts."""
    chosen = ["-fno-strict-aliasing", "-fvisibility=hidden"]
    if is_set("TORNADOLIKE_DEBUG"):
        chosen += ["-O1", "-g", "-fno-omit-frame-pointer", "-UNDEBUG", "-DTORNADOLIKE_DEBUG=1"]
    else:
        chosen += ["-O3", "-g0"]
    return chosen + sanitizers()


def sanitizers() -> list[str]:
    names = os.environ.get("TORNADOLIKE_SANITIZE", "")
    return [f"-fsanitize={names}", "-fno-omit-frame-pointer"] if names else []


def unfit() -> str:
    """Why it cannot be built here; empty if it can."""
    if sys.implementation.name != "cpython":
        return f"it is for CPython, and this is {sys.implementation.name}"
    if sysconfig.get_config_var("Py_GIL_DISABLED"):
        return "it needs the global interpreter lock, and this is a free-threaded build"
    try:
        import Cython  # noqa: F401
    except ImportError:
        return "Cython is not installed"
    compiler = shlex.split(os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc")
    paths = {sysconfig.get_path("include"), sysconfig.get_path("platinclude")}
    command = [*compiler, *(f"-I{path}" for path in paths), "-fsyntax-only", "-xc", "-"]
    try:
        tried = subprocess.run(
            command, input=b"#include <Python.h>\n", capture_output=True, check=False
        )
    except OSError:
        return f"there is no C compiler: {compiler[0]!r} cannot be run"
    return "the C compiler does not find Python.h" if tried.returncode else ""


def extensions() -> list[Extension]:
    return [
        Extension(
            f"tornadolike._native.{path.stem}",
            [str(path.relative_to(HERE))],
            include_dirs=[str(ROOM / "c")],
            depends=[str(header.relative_to(HERE)) for header in (HERE / ROOM / "c").glob("*.h")],
            extra_compile_args=flags(),
            extra_link_args=sanitizers(),
        )
        for path in sorted((HERE / ROOM).glob("*.pyx"))
    ]


class Build(build_ext):
    """Compiles what has changed, and leaves a note of what it compiled: see ``tornadolike/_native/built.py``."""

    def finalize_options(self) -> None:
        super().finalize_options()
        if self.parallel is None:
            self.parallel = os.cpu_count()

    def run(self) -> None:
        os.makedirs("build", exist_ok=True)
        with open(
            "build/lock", "w"
        ) as lock:  # of all the Pythons that build here: they share what Cython makes
            fcntl.flock(lock, fcntl.LOCK_EX)
            try:
                super().run()
            except Exception as error:
                if NEEDED:
                    raise
                self._leave_out(error)

    def build_extensions(self) -> None:
        how = {
            "[how]": f"{crc32(repr((flags(), DIRECTIVES, os.environ.get('CFLAGS'))).encode()):08x}"
        }
        note = os.path.join(self.build_temp, "built.txt")
        if built.read(note) != how:
            self.force = True
            with suppress(FileNotFoundError):
                os.unlink(note)
        self._translate()
        super().build_extensions()
        os.makedirs(self.build_temp, exist_ok=True)
        built.write(note, how)

    def _translate(self) -> None:
        """Have Cython make C of what has changed."""
        import Cython
        from Cython.Build import cythonize

        key = crc32(repr((Cython.__version__, DIRECTIVES)).encode())
        folder = os.path.join("build", f"cython-{key:08x}")
        note = os.path.join(folder, "sources.txt")
        self._sources = sources = built.fingerprints(str(ROOM))
        # Cython and setuptools go by dates, which lie when a file was replaced by an older one.
        noted = built.read(note)
        when = os.stat(note).st_mtime if noted else 0.0
        for name in {name for name, _ in noted.items() ^ sources.items()} & sources.keys():
            if os.stat(ROOM / name).st_mtime <= when:
                os.utime(ROOM / name)
        made = cythonize(
            list(self.extensions),
            build_dir=folder,
            nthreads=min(os.cpu_count() or 1, len(self.extensions)),
            quiet=True,
            compiler_directives=DIRECTIVES,
        )
        by_name = {extension.name: extension for extension in made}
        for extension in self.extensions:
            extension.sources = by_name[extension.name].sources
            extension.depends = by_name[extension.name].depends
        built.write(note, sources)

    def copy_extensions_to_source(self) -> None:
        note = built.note_of(str(ROOM))
        with suppress(FileNotFoundError):
            os.unlink(note)
        super().copy_extensions_to_source()
        built.write(note, self._sources)

    def _leave_out(self, error: Exception) -> None:
        for extension in self.extensions:
            with suppress(FileNotFoundError):
                os.unlink(
                    os.path.join(
                        self.build_lib, self.get_ext_filename(self.get_ext_fullname(extension.name))
                    )
                )
        with suppress(FileNotFoundError):
            os.unlink(built.note_of(str(ROOM)))
        self.extensions = []
        warn(f"it could not be compiled: {error}")


def warn(reason: str) -> None:
    print(
        f"warning: tornadolike is built without its native core, all is there and slower: {reason}",
        file=sys.stderr,
    )


def chosen() -> list[Extension]:
    """What to build. Without any, the wheel is one for all interpreters, and says so by its name."""
    if is_set("TORNADOLIKE_PURE"):
        return []
    if BUILDING.isdisjoint(sys.argv):
        return extensions()
    if reason := unfit():
        if NEEDED:
            sys.exit(f"error: the native core cannot be built: {reason}")
        warn(reason)
        return []
    return extensions()


if __name__ == "__main__":  # and not in a process that Cython starts to be quicker
    setup(ext_modules=chosen(), cmdclass={"build_ext": Build})
