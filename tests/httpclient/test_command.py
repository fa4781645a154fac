"""Tornado's small command."""

import pytest

from tests.httpclient.house import House
from tests.peers import nobody
from tornadolike import httpclient
from tornadolike.httpclient import HTTPRefusedError
from tornadolike.httpclient.command import main


def test_it_prints_what_it_fetches(serve, capsys, monkeypatch):
    url = serve(House()).url
    main([url + "/lines", url + "/status/404"])
    assert capsys.readouterr().out == "one\ntwo\r\nthrée\n\nxxxxxxxxxx\nas you like\n"
    main(["--print_headers", "--print-body=false", url + "/lines"])
    out = capsys.readouterr().out
    assert "Content-Type: text/plain\n" in out
    assert "one" not in out
    monkeypatch.setattr("sys.argv", ["fetch", "--print_body=no", url])
    httpclient.main()
    assert capsys.readouterr().out == ""


def test_what_has_no_response_is_raised():
    with nobody() as (_, port), pytest.raises(HTTPRefusedError):
        main([f"http://127.0.0.1:{port}/"])
