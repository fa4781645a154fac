"""The site of site_rules.py on tornadolike."""

import asyncio
import sys

from site_rules import SETTINGS, rules

import tornadolike.routing
import tornadolike.web


async def main():
    application = tornadolike.web.Application(
        rules(tornadolike.web, tornadolike.routing), **SETTINGS
    )
    application.listen(int(sys.argv[1]), "127.0.0.1")
    await asyncio.Event().wait()


tornadolike.run(main())
