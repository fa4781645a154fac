"""Builds the native core, where that can be done; without it all is the same, and slower."""

import os
import sys
from pathlib import Path

from setuptools import Extension, setup

HERE = Path(__file__).resolve().parent
ROOM = Path("tornadolike/_native")


def extensions() -> list[Extension]:
    if sys.implementation.name != "cpython" or os.environ.get("TORNADOLIKE_PURE", "0") not in (
        "",
        "0",
    ):
        return []
    try:
        from Cython.Build import cythonize
    except ImportError:
        return []
    modules = [
        Extension(
            f"tornadolike._native.{path.stem}",
            [str(path.relative_to(HERE))],
            include_dirs=[str(ROOM / "c")],
            extra_compile_args=["-O2", "-fno-strict-aliasing", "-fvisibility=hidden"],
            optional=True,
        )
        for path in sorted((HERE / ROOM).glob("*.pyx"))
    ]
    return cythonize(
        modules,
        build_dir="build/cython",
        nthreads=0,
        quiet=True,
        compiler_directives={
            "language_level": 3,
            "boundscheck": False,
            "wraparound": False,
            "initializedcheck": False,
            "cdivision": True,
            "auto_pickle": False,
        },
    )


setup(ext_modules=extensions())
