import asyncio
import os
import sys

from tornado.web import Application, StaticFileHandler


async def main():
    rule = (r"/files/(.*)", StaticFileHandler, {"path": os.environ["BENCH_FILES"]})
    Application([rule]).listen(int(sys.argv[1]), "127.0.0.1")
    await asyncio.Event().wait()


asyncio.run(main())
