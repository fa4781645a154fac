"""A live chat: rooms, presence and history by WebSocket or long-polling. See README.md."""
