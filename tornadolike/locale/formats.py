"""How people of a language write dates, times, numbers, amounts and lists: what `Locale` has of it.

Tornado's four methods are in :mod:`tornadolike.locale.friendly`. The others stand on Babel, which has the tables of the
Unicode CLDR, and are in one module for each subject.
"""

from .bidi import isolate
from .display import Names
from .friendly import Friendly
from .units import Units
from .zones import Zones


class Formats(Friendly, Units, Names, Zones):
    """All formats of a language. They change nothing, and threads may share them."""

    isolate = staticmethod(isolate)
