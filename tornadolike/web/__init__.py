"""The site: :class:`Application` and :class:`RequestHandler`.

.. code-block:: python

    from tornadolike.web import Application, RequestHandler

    class MainHandler(RequestHandler):
        def get(self):
            self.write("Hello, world")

    app = Application([(r"/", MainHandler)])

    if __name__ == "__main__":
        app.run(8888)

Some attributes of handlers that begin with an underscore are used by programs that were written for Tornado. They are
here too: ``_write_buffer``, ``_headers``, ``_status_code``, ``_reason``, ``_finished``, ``_headers_written``.
"""

from ..routing import URLSpec, register_path_type, route
from .addresses import is_absolute
from .application import Application
from .bodies import RequestBody
from .bodies.forms import FormPart, FormParts
from .bodies.spool import UploadedFile
from .body_decorators import reads_request_body, spool_uploads, stream_request_body
from .cookies.encrypting import create_encrypted_value, decode_encrypted_value
from .cookies.signing import (
    DEFAULT_SIGNED_VALUE_MIN_VERSION,
    DEFAULT_SIGNED_VALUE_VERSION,
    MAX_SUPPORTED_SIGNED_VALUE_VERSION,
    MIN_SUPPORTED_SIGNED_VALUE_VERSION,
    create_signed_value,
    decode_signed_value,
    get_signature_key_version,
)
from .errors import Finish, HTTPError, MissingArgumentError
from .groups import Blueprint
from .handler import RequestHandler
from .mounts import Mount
from .route_names import route_of
from .simple import ErrorHandler, FallbackHandler, RedirectHandler
from .slashes import addslash, removeslash
from .static import StaticFileHandler
from .streams.events import Event, EventStream
from .transforms import ContentEncoding, GZipContentEncoding, OutputTransform
from .ui_modules import TemplateModule, UIModule
from .users import authenticated
from .versions import HeaderVersions

url = URLSpec

__all__ = [
    "DEFAULT_SIGNED_VALUE_MIN_VERSION",
    "DEFAULT_SIGNED_VALUE_VERSION",
    "MAX_SUPPORTED_SIGNED_VALUE_VERSION",
    "MIN_SUPPORTED_SIGNED_VALUE_VERSION",
    "Application",
    "Blueprint",
    "ContentEncoding",
    "ErrorHandler",
    "Event",
    "EventStream",
    "FallbackHandler",
    "Finish",
    "FormPart",
    "FormParts",
    "GZipContentEncoding",
    "HTTPError",
    "HeaderVersions",
    "MissingArgumentError",
    "Mount",
    "OutputTransform",
    "RedirectHandler",
    "RequestBody",
    "RequestHandler",
    "StaticFileHandler",
    "TemplateModule",
    "UIModule",
    "URLSpec",
    "UploadedFile",
    "addslash",
    "authenticated",
    "create_encrypted_value",
    "create_signed_value",
    "decode_encrypted_value",
    "decode_signed_value",
    "get_signature_key_version",
    "is_absolute",
    "reads_request_body",
    "register_path_type",
    "removeslash",
    "route",
    "route_of",
    "spool_uploads",
    "stream_request_body",
    "url",
]
