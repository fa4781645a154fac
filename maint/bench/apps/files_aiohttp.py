import os
import sys

import uvloop
from aiohttp import web

uvloop.install()
app = web.Application()
app.router.add_static("/files/", os.environ["BENCH_FILES"])
web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), access_log=None, print=None)
