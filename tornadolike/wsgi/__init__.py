"""WSGI: applications of other frameworks (Django, Flask, ...) beside one's own handlers.

:class:`WSGIContainer` answers requests by an application of :pep:`3333`. As these wait where they stand, they are given
threads to do so:

.. code-block:: python

    site = WSGIContainer(flask_app, ThreadPoolExecutor(16))
    Application([
        (r"/live", LiveSocket),
        (r".*", FallbackHandler, {"fallback": site}),
    ]).listen(8888)

Its rooms, each of which knows only those above it:

.. code-block:: text

   errors       wsgi.errors, and the exception for who writes to nobody
   files        wsgi.file_wrapper
   environ      from a request to environ
   response     the rules for what an application says, and the order in which it is called
   answer       from there to the connection
   channel      from an application's thread to the loop
   container    who brings them together
"""

from ..httputil import HTTPServerRequest as HTTPRequest
from .answer import Answer
from .container import WSGIContainer
from .environ import to_wsgi_str

__all__ = ["Answer", "HTTPRequest", "WSGIContainer", "to_wsgi_str"]
