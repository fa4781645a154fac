"""Babel's modules, loaded when the first of them is needed.

They take 15 ms to import, which a program that speaks one language only need not pay. So the room says
``cldr.dates.parse_pattern(...)``, and this module gets ``babel.dates`` at the first mention.
"""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from babel import core, dates, localedata, numbers

    __all__ = ["core", "dates", "localedata", "numbers"]
else:

    def __getattr__(name: str) -> object:
        if name.startswith("_"):  # what Python itself asks of a module
            raise AttributeError(name)
        module = globals()[name] = importlib.import_module(f"babel.{name}")
        return module
