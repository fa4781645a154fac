"""Sessions: what a site remembers of a browser from one request to the next.

.. code-block:: python

    class Main(RequestHandler):
        def get(self):
            self.session["visits"] = self.session.get("visits", 0) + 1
            self.write(f"Visit {self.session['visits']}")


    app = Application([(r"/", Main)], middleware=[Sessions()], cookie_secret="...")

Its rooms, each of which knows only those above it:

.. code-block:: text

   record       what is kept of a session, and its form as bytes
   session      Session, what a handler has
   keeping      what it is to keep sessions
   in_cookies   sessions kept in the browser's cookie
   in_stores    sessions kept in a store, whose key the cookie is
   visit        a request that may look at its session
   middleware   Sessions
"""

from .middleware import Sessions
from .record import Flash
from .session import Session

__all__ = ["Flash", "Session", "Sessions"]
