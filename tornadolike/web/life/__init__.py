"""The life of an application: what it begins before it serves, how it serves, and what it ends when it has served.

Its rooms, each of which knows only those above it:

.. code-block:: text

   hooks       functions of the author, and how they are called
   life        Life: where in its life an application is, and its way up and down
   lifetime    Lifetime: what the author calls for it
   spokesman   what those who run the process are told
   serving     Serving: run() and serve(), from start-up over a signal to a quiet end
"""

from .serving import Serving

__all__ = ["Serving"]
