"""The site of site_rules.py on Tornado."""

import asyncio
import sys

import tornado.routing
import tornado.web
from site_rules import SETTINGS, rules


async def main():
    application = tornado.web.Application(rules(tornado.web, tornado.routing), **SETTINGS)
    application.listen(int(sys.argv[1]), "127.0.0.1")
    await asyncio.Event().wait()


asyncio.run(main())
