"""Templates: text with Python in it, compiled to code that makes bytes.

.. code-block:: python

    loader = Loader("templates")
    page = loader.load("hello.html").generate(name="World")

The modules, each of which uses only those before it. From text to a tree: :mod:`.errors`; :mod:`.nodes` (what a
template is made of); :mod:`.walking` (through these); :mod:`.whitespace`; :mod:`.scanner` (where tags end);
:mod:`.python` (the Python in them, with its place); :mod:`.parser`; :mod:`.linking` (one tree of all files of a
template). From the tree to code: :mod:`.waiting` (what awaits something); :mod:`.escaping` (the functions) and
:mod:`.contexts` (which of them each place needs); :mod:`.runtime` (what compiled code calls); :mod:`.pieces` and
:mod:`.positions`, with which :mod:`.compiler` makes it, and :mod:`.readable` (the same code, for people). And what is
made of these: :mod:`.tracebacks`; :mod:`.template` (what is rendered); :mod:`.loaders`; and the tools, :mod:`.checking`
and :mod:`.extraction`.
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
