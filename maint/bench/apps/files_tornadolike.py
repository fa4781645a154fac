"""The same program as files_tornado.py, on tornadolike."""

import asyncio
import os
import sys

import tornadolike
from tornadolike.web import Application, StaticFileHandler


async def main():
    rule = (r"/files/(.*)", StaticFileHandler, {"path": os.environ["BENCH_FILES"]})
    Application([rule]).listen(int(sys.argv[1]), "127.0.0.1")
    await asyncio.Event().wait()


tornadolike.run(main())
