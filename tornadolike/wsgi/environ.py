"""From a request to the ``environ`` of PEP 3333."""

from io import BytesIO
from typing import Any, Final

from ..escape import url_unescape
from ..http1 import SERVER
from ..httputil import HTTPInputError, HTTPServerRequest
from ..httputil.urls import split_host_and_port
from .errors import ErrorLog
from .files import FileWrapper

_NOT_PASSED_ON: Final = frozenset(
    {
        "Content-Length",  # these two have variables of their own
        "Content-Type",
        "Host",  # a trusted proxy may know better
        "Proxy",  # HTTP_PROXY is how programs are told of a proxy for their own requests ("httpoxy")
        "Transfer-Encoding",  # has been taken off
    }
)


def to_wsgi_str(s: bytes) -> str:
    """Bytes as PEP 3333 wants them in text: each character stands for one byte."""
    return s.decode("latin1")


def make_environ(
    request: HTTPServerRequest, *, multithread: bool, script_name: str
) -> dict[str, Any]:
    """What the application is told of ``request``.

    Raises :exc:`HTTPInputError` for what has no place in an ``environ``: a CONNECT (501), and a path that is not
    below ``script_name`` (404).
    """
    headers = request.headers
    environ: dict[str, Any] = {}
    for name in headers:
        # X_Real_Ip would become the same variable as X-Real-Ip, which a proxy may have checked.
        if name not in _NOT_PASSED_ON and "_" not in name:
            values = headers.get_list(name)
            joint = "; " if name == "Cookie" else ","
            environ["HTTP_" + name.replace("-", "_").upper()] = joint.join(values)
    if "Host" in headers:
        environ["HTTP_HOST"] = request.host
    if "Content-Type" in headers:
        environ["CONTENT_TYPE"] = headers["Content-Type"]
    body = request.body
    if body or "Content-Length" in headers or "Transfer-Encoding" in headers:
        # Not what the client says: the body may have come in chunks, or in a coding that was taken off.
        environ["CONTENT_LENGTH"] = str(len(body))
    secure = request.protocol == "https"
    host, port = split_host_and_port(request.host.removesuffix(":"))
    script_name, path_info = _split_path(request, script_name)
    environ |= {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": script_name,
        "PATH_INFO": path_info,
        "QUERY_STRING": request.query,
        "REQUEST_URI": request.uri,
        "REMOTE_ADDR": request.remote_ip or "",
        "SERVER_NAME": host,
        "SERVER_PORT": str((443 if secure else 80) if port is None else port),
        "SERVER_PROTOCOL": request.version,
        "SERVER_SOFTWARE": SERVER,
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": request.protocol,
        "wsgi.input": BytesIO(body),
        "wsgi.input_terminated": True,
        "wsgi.errors": ErrorLog(),
        "wsgi.file_wrapper": FileWrapper,
        "wsgi.multithread": multithread,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    if secure:
        environ["HTTPS"] = "on"
    return environ


def _split_path(request: HTTPServerRequest, script_name: str) -> tuple[str, str]:
    """SCRIPT_NAME and PATH_INFO."""
    if request.method == "CONNECT":
        raise HTTPInputError("CONNECT is nothing for a WSGI application", 501)
    # A path is text by way of latin1 already; and "OPTIONS *" is about the whole of the server.
    path = "/" if request.path == "*" else request.path
    path = to_wsgi_str(url_unescape(path.encode("latin1"), None, plus=False))
    # An application that redirects to its own path would send its clients to a host: //host/path.
    path = "/" + path.lstrip("/")
    mounted_at = to_wsgi_str(url_unescape(request.mounted_at.encode("latin1"), None, plus=False))
    if not script_name:
        return mounted_at, path
    rest = path.removeprefix(script_name)
    if rest == path or rest[:1] not in ("", "/"):
        raise HTTPInputError(f"its path is not below {script_name}", 404)
    return mounted_at + script_name, rest
