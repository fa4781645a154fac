"""Responses that are kept: :class:`Cached`, middleware that answers with what a handler has said before.

Its rooms, each of which knows only those above it:

.. code-block:: text

   entries       a response as it is kept, as bytes
   policy        which requests may be answered from the cache, and which responses may be kept
   watching      which headers of its request a handler has looked at
   keys          what tells one response from another
   generations   names by which responses are invalidated
   shelf         responses in a store, and a store that is down
   flights       one handler at work for all who ask the same
   answering     a kept response as a handler's
   recording     a response on its way out
   absent        handlers that work for nobody, to renew what is kept
   cached        the middleware
"""

from .cached import Cached, Counts

__all__ = ["Cached", "Counts"]
