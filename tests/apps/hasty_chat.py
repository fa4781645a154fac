"""The chat with less patience, for tests: `python -m tests.apps.hasty_chat --redis URL`."""

import sys
from functools import partial

from demos.chat.__main__ import SETTINGS
from demos.chat.app import chat
from demos.chat.limits import Limits
from demos.serving import main

LIMITS = Limits(lease=1.5, grace=1.0, burst=100)

if __name__ == "__main__":
    sys.exit(main("Chat", partial(chat, limits=LIMITS, tick=50), SETTINGS))
