"""wrk as a second witness: it knows nothing of us, asks as fast as it can, and counts what fails."""

import re
import signal
import subprocess

FOR_EVER = "1h"
PATIENCE = "30s"


class Witness:
    """wrk, with so many connections, until :meth:`stop`."""

    def __init__(self, port: int, connections: int) -> None:
        command = ["wrk", "-t", "1", "-c", str(connections), "-d", FOR_EVER, "--timeout", PATIENCE]
        self._process = subprocess.Popen(
            [*command, f"http://127.0.0.1:{port}/number/0"],
            stdout=subprocess.PIPE,
            text=True,
        )

    def stop(self) -> str:
        """What it has seen."""
        self._process.send_signal(signal.SIGINT)
        said, _ = self._process.communicate()
        return summary(said)


def summary(said: str) -> str:
    """Of what wrk has printed: its requests, and its complaints."""
    requests = re.search(r"(\d+) requests in", said)
    complaints = re.findall(r"(?:Socket errors|Non-2xx).*", said)
    count = int(requests[1]) if requests else 0
    return f"wrk: {count:,} requests; {'; '.join(complaints) or 'no errors'}"
