"""``python -m tornadolike.httpclient URL ...``: Tornado's small command, which prints what it fetches.

``python -m tornadolike fetch`` is the large one.
"""

import argparse
from collections.abc import Sequence

from .responses import HTTPClientError
from .synchronous import HTTPClient

_TRUE = frozenset({"true", "1", "t", "yes", "y", "on"})


def main(arguments: Sequence[str] | None = None) -> None:
    """Fetch the URLs of a command line and print their bodies. Options are Tornado's.

    :arg arguments: the command line without the program, by default the process's own.

    A response other than 2xx is printed, too. What else goes wrong is raised as :meth:`.HTTPClient.fetch` does.
    """
    parser = argparse.ArgumentParser(prog="python -m tornadolike.httpclient")
    parser.add_argument("urls", nargs="*", metavar="URL")
    for name, default in (
        ("print_headers", False),
        ("print_body", True),
        ("follow_redirects", True),
        ("validate_cert", True),
    ):
        parser.add_argument(
            f"--{name}", f"--{name.replace('_', '-')}",
            type=_truth, nargs="?", const=True, default=default, metavar="true|false",
        )  # fmt: skip
    parser.add_argument("--proxy_host", "--proxy-host")
    parser.add_argument("--proxy_port", "--proxy-port", type=int)
    options = parser.parse_args(arguments)
    with HTTPClient() as client:
        for url in options.urls:
            try:
                response = client.fetch(
                    url,
                    follow_redirects=options.follow_redirects,
                    validate_cert=options.validate_cert,
                    proxy_host=options.proxy_host,
                    proxy_port=options.proxy_port,
                )
            except HTTPClientError as error:
                if error.response is None:
                    raise
                response = error.response
            if options.print_headers:
                print(response.headers)
            if options.print_body:
                print(response.body.decode(errors="replace"))


def _truth(text: str) -> bool:
    return text.lower() in _TRUE
