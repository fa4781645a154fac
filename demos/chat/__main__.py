"""`python -m demos.chat`: serve the chat."""

import sys

from demos.serving import main

from .app import MAX_EVENT_BYTES, chat

if __name__ == "__main__":
    sys.exit(main("Chat", chat, max_body_size=MAX_EVENT_BYTES))
