"""`python -m demos.chat`: serve the chat."""

import argparse
import sys

import tornadolike

from .app import serve


def port_number(text: str) -> int:
    """A TCP port that can be listened on."""
    port = int(text)
    if not 0 < port < 65_536:
        raise argparse.ArgumentTypeError(f"{port} is not between 1 and 65535")
    return port


def main() -> int:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(prog="python -m demos.chat", description=__doc__)
    parser.add_argument("--port", type=port_number, default=8888, help="default: %(default)s")
    parser.add_argument("--address", default="127.0.0.1", help="default: %(default)s")
    options = parser.parse_args()
    try:
        tornadolike.run(serve(options.address, options.port))
    except OSError as error:
        print(f"Cannot listen on {options.address}: {error.strerror or error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130  # a second Ctrl-C, from somebody who did not want to wait
    return 0


if __name__ == "__main__":
    sys.exit(main())
