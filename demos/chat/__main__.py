"""`python -m demos.chat`: serve the chat."""

import argparse
import sys

from demos.serving import main
from tornadolike.pubsub import RedisPubSub

from .app import MAX_EVENT_BYTES, chat


def redis_server(address: str) -> str:
    """The address of a Redis server, which need not be running yet."""
    try:
        RedisPubSub(address)
    except (ImportError, ValueError) as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return address


SETTINGS = {
    "redis": {
        "type": redis_server,
        "metavar": "URL",
        "help": "have the rooms on this Redis or Valkey server (redis://HOST:6379/0), so that all processes with "
        "the same one are one chat; default: CHAT_REDIS, or in memory",
    }
}

if __name__ == "__main__":
    sys.exit(main("Chat", chat, SETTINGS, max_body_size=MAX_EVENT_BYTES))
