"""``python -m tornadolike.httpclient``."""

from .command import main

main()
