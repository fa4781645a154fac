"""The site: :class:`Application` and :class:`RequestHandler`.

.. code-block:: python

    import asyncio
    import tornadolike
    from tornadolike.web import Application, RequestHandler

    class MainHandler(RequestHandler):
        def get(self):
            self.write("Hello, world")

    async def main():
        Application([(r"/", MainHandler)]).listen(8888)
        await asyncio.Event().wait()

    tornadolike.run(main())
"""

from ..routing import URLSpec
from .application import Application
from .body import RequestBody
from .errors import Finish, HTTPError, MissingArgumentError
from .forms import FormPart, FormParts
from .handler import RequestHandler
from .modules import TemplateModule, UIModule
from .simple import ErrorHandler, RedirectHandler
from .spool import UploadedFile
from .static import StaticFileHandler
from .streaming import reads_request_body, spool_uploads, stream_request_body
from .transforms import ContentEncoding, GZipContentEncoding, OutputTransform

url = URLSpec

__all__ = [
    "Application",
    "ContentEncoding",
    "ErrorHandler",
    "Finish",
    "FormPart",
    "FormParts",
    "GZipContentEncoding",
    "HTTPError",
    "MissingArgumentError",
    "OutputTransform",
    "RedirectHandler",
    "RequestBody",
    "RequestHandler",
    "StaticFileHandler",
    "TemplateModule",
    "UIModule",
    "URLSpec",
    "UploadedFile",
    "reads_request_body",
    "spool_uploads",
    "stream_request_body",
    "url",
]
