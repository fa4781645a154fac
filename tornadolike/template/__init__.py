"""Templates: text with Python in it, compiled to code that makes bytes.

.. code-block:: python

    loader = Loader("templates")
    page = loader.load("hello.html").generate(name="World")

The rooms, each of which uses only those before it: :mod:`.errors`; :mod:`.nodes` (what a template is made of);
:mod:`.python` (the Python in it, with its place); :mod:`.parser` (text to nodes); :mod:`.linking` (one tree of all
files of a template); :mod:`.compiler` (nodes to code, by way of :mod:`.pieces` and :mod:`.positions`; :mod:`.runtime`
is what that code calls); :mod:`.tracebacks`; :mod:`.template` (what is rendered); :mod:`.loaders`; and the tools
:mod:`.checking` and :mod:`.extraction`.
"""

from .errors import ParseError
from .loaders import BaseLoader, DictLoader, Loader, PackageLoader
from .template import Template
from .whitespace import filter_whitespace

__all__ = [
    "BaseLoader",
    "DictLoader",
    "Loader",
    "PackageLoader",
    "ParseError",
    "Template",
    "filter_whitespace",
]
