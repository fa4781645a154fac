"""Transcripts: input as it stands on the wire, and what must become of it, by section of the RFCs.

:data:`CASES` are all requests; the modules hold those of one theme, and :mod:`.responses` what servers say.
"""

from .case import Case
from .chunks import CASES as CHUNKS
from .fields import CASES as FIELDS
from .framing import CASES as FRAMING
from .hosts import CASES as HOSTS
from .lines import CASES as LINES
from .sequences import CASES as SEQUENCES

CASES: list[Case] = [*LINES, *HOSTS, *FIELDS, *FRAMING, *CHUNKS, *SEQUENCES]

assert len({case.name for case in CASES}) == len(CASES)

__all__ = ["CASES", "CHUNKS", "FIELDS", "FRAMING", "HOSTS", "LINES", "SEQUENCES", "Case"]
