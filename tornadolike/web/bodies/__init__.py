"""Bodies of requests, for handlers that do not want them whole.

Its rooms, each of which knows only those above it:

.. code-block:: text

   incoming   RequestBody: a body that is still coming
   disk       writing files without holding up the loop
   forms      the parts of a form, one after another
   spool      the files of a form, on the disk as long as the request lasts
   taking     Bodies: how a handler is given any of these

The decorators that ask for them are :mod:`tornadolike.web.body_decorators`'s.
"""

from .incoming import RequestBody
from .taking import Bodies

__all__ = ["Bodies", "RequestBody"]
