"""Modules that may be installed."""

from importlib import import_module
from typing import Any


def first_importable(*names: str) -> Any:
    """The first of these modules that can be imported, else None."""
    for name in names:
        try:
            return import_module(name)
        except ImportError:
            continue
    return None
