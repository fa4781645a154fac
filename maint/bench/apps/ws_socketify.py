"""An echo, and a word for everybody: the same program as the other ws_*.py."""

import sys

from socketify import App, CompressOptions, OpCode

WORD = "x" * 100

app = App()


def message(socket, text, opcode):
    if text == "all":
        app.publish("everybody", WORD, OpCode.TEXT)
    else:
        socket.send(text, opcode)


app.ws(
    "/",
    {
        "open": lambda socket: socket.subscribe("everybody"),
        "message": message,
        "compression": CompressOptions.SHARED_COMPRESSOR
        if "compressed" in sys.argv
        else CompressOptions.DISABLED,
        "max_payload_length": 1 << 20,
        "idle_timeout": 0,
    },
)
app.listen(int(sys.argv[1]), lambda config: None)
app.run()
