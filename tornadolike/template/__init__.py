"""Templates: text with Python in it, compiled to code that makes bytes.

.. code-block:: python

    loader = Loader("templates")
    page = loader.load("hello.html").generate(name="World")

The rooms, each of which uses only those before it: :mod:`.errors`; :mod:`.nodes` (what a template is made of);
:mod:`.python` (the Python in it, with its place); :mod:`.parser` (text to nodes).
"""

from .errors import ParseError

__all__ = ["ParseError"]
