"""HTTP's text and types: headers, dates, URLs, cookies, forms, the request, and who talks to whom.

Nothing here does I/O.
"""

from http import HTTPStatus

from .authorization import encode_username_password
from .cookies import parse_cookie, unquote_cookie
from .dates import format_timestamp, http_date_now, parse_date
from .delegates import (
    HTTPConnection,
    HTTPMessageDelegate,
    HTTPServerConnectionDelegate,
    RequestStartLine,
    ResponseStartLine,
    parse_request_start_line,
    parse_response_start_line,
)
from .errors import HTTPInputError, HTTPOutputError
from .examples import doctests
from .forms import (
    HTTPFile,
    ParseBodyConfig,
    ParseUrlEncodedConfig,
    parse_body_arguments,
    parse_multipart_form_data,
    set_parse_body_config,
)
from .forwarded import ForwardedElement, ForwardedNode, parse_forwarded
from .headers import HTTP_WHITESPACE, HTTPHeaders
from .multipart import MultipartReader, ParseMultipartConfig
from .parameters import parse_parameters
from .request import HTTPServerRequest, request_of
from .trust import TrustedProxies
from .urls import qs_to_qsl, split_host_and_port, url_concat

responses = {status.value: status.phrase for status in HTTPStatus}
"""The usual reason of each status, as :mod:`http.client` has them, which takes long to import."""

__all__ = [
    "HTTP_WHITESPACE",
    "ForwardedElement",
    "ForwardedNode",
    "HTTPConnection",
    "HTTPFile",
    "HTTPHeaders",
    "HTTPInputError",
    "HTTPMessageDelegate",
    "HTTPOutputError",
    "HTTPServerConnectionDelegate",
    "HTTPServerRequest",
    "MultipartReader",
    "ParseBodyConfig",
    "ParseMultipartConfig",
    "ParseUrlEncodedConfig",
    "RequestStartLine",
    "ResponseStartLine",
    "TrustedProxies",
    "doctests",
    "encode_username_password",
    "format_timestamp",
    "http_date_now",
    "parse_body_arguments",
    "parse_cookie",
    "parse_date",
    "parse_forwarded",
    "parse_multipart_form_data",
    "parse_parameters",
    "parse_request_start_line",
    "parse_response_start_line",
    "qs_to_qsl",
    "request_of",
    "responses",
    "set_parse_body_config",
    "split_host_and_port",
    "unquote_cookie",
    "url_concat",
]
