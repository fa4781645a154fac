"""The framework's own catalogues: what tornadolike itself says to the people who use a site."""

import functools
import gettext
import importlib.resources

from . import tags
from .negotiation import Languages


@functools.lru_cache(64)
def catalog(code: str) -> gettext.GNUTranslations | None:
    """The translations of our own messages into the language that is closest to ``code``, if it is there."""
    if tags.split(code)[0] == "en":
        return None  # what they are written in; and Babel is not loaded for that
    closest = _languages().closest(code)
    if closest is None:
        return None
    folder = importlib.resources.files(__package__) / "catalogs"
    with (folder / closest / "LC_MESSAGES" / "tornadolike.mo").open("rb") as file:
        return gettext.GNUTranslations(file)


@functools.cache
def _languages() -> Languages:
    folder = importlib.resources.files(__package__) / "catalogs"
    return Languages(entry.name for entry in folder.iterdir() if entry.is_dir())
