"""How people of a language write dates, times, numbers, amounts and lists: what `Locale` has of it.

Tornado's four methods are in :mod:`tornadolike.locale.friendly`. The others stand on Babel, which has the tables of the
Unicode CLDR, and are in one module for each subject.
"""

from .display import Names
from .friendly import Friendly


class Formats(Friendly, Names):
    """All formats of a language. It changes nothing, and threads may share it."""
