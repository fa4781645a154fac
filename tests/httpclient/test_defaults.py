"""What a client says for its requests."""

import pytest

from tornadolike.httpclient import HTTPRequest
from tornadolike.httpclient.defaults import check_defaults, for_strangers


def test_what_may_be_there():
    check_defaults({})
    check_defaults(HTTPRequest._DEFAULTS)
    check_defaults({"headers": {}, "proxy": "p", "retries": None, "expect_100_continue": True})
    for wrong in ("user_agnet", "url", "method", "body", "body_producer", "start_time", "_body"):
        with pytest.raises(TypeError, match=wrong):
            check_defaults({wrong: None, "user_agent": "x"})


def test_for_strangers(certs):
    context = certs.client_context(certs.client)
    ours = {"headers": {}, "auth": 1, "client_cert": "c", "user_agent": "u", "ssl_options": context}
    theirs = for_strangers(ours)
    assert theirs.keys() == {"user_agent", "ssl_options"}
    assert theirs["ssl_options"] is not context
    assert for_strangers({"ssl_options": None, "cookies": {}}) == {"ssl_options": None}
    options = {"certfile": certs.client, "ca_certs": certs.ca}
    assert for_strangers({"ssl_options": options}) == {"ssl_options": {"ca_certs": certs.ca}}
