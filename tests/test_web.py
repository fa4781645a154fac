"""The face of the package."""

import tornadolike.web
from tornadolike.web import RequestHandler


def test_the_public_names() -> None:
    for name in tornadolike.web.__all__:
        assert hasattr(tornadolike.web, name), name
    assert tornadolike.web.url is tornadolike.web.URLSpec


def test_what_a_handlers_author_finds() -> None:
    public = {name for name in dir(RequestHandler) if not name.startswith("_")}
    assert public >= {
        *("initialize", "prepare", "on_finish", "on_connection_close", "set_default_headers"),
        *("get", "post", "put", "patch", "delete", "head", "options", "SUPPORTED_METHODS"),
        *("write", "flush", "finish", "redirect", "clear", "send_error", "write_error"),
        *("set_status", "get_status", "set_header", "add_header", "clear_header"),
        *("get_argument", "get_arguments", "get_query_argument", "get_query_arguments"),
        *("get_body_argument", "get_body_arguments", "decode_argument", "path_args", "path_kwargs"),
        *("cookies", "get_cookie", "set_cookie", "clear_cookie", "clear_all_cookies"),
        *("compute_etag", "set_etag_header", "check_etag_header", "log_exception"),
        *("settings", "reverse_url"),
    }
    for name in public - {"cancel_on_disconnect", "max_body_size"}:  # these are values
        assert getattr(RequestHandler, name).__doc__ or name in (
            *("get", "post", "put", "patch", "delete", "head", "options"),
        ), name
