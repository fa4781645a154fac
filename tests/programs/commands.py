"""The command ``run`` in a process, watched by who changes the files and by who visits the site."""

import http.client
import os
import queue
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
PATIENCE = 60.0


class Run:
    """The command in a folder, with what it says, line by line."""

    def __init__(
        self, folder, *arguments, python=(), environment=(), shell=(), command=None, **options
    ):
        colours = {"FORCE_COLOR": "", "NO_COLOR": ""}
        environment = {**os.environ, "PYTHONPATH": str(ROOT), **colours, **dict(environment)}
        command = command or [
            *shell,
            sys.executable,
            *python,
            "-m",
            "tornadolike",
            "run",
            *arguments,
        ]
        self.process = subprocess.Popen(
            command, cwd=folder, env=environment, stderr=subprocess.PIPE, text=True, **options
        )
        self.said = []
        self._lines = queue.Queue()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()
        self.port = 0

    def _read(self):
        for line in self.process.stderr:
            self._lines.put(line.rstrip("\n"))
        self._lines.put(None)

    def until(self, pattern):
        """Wait until a line is said in which this is found."""
        while True:
            line = self._lines.get(timeout=PATIENCE)
            assert line is not None, f"ended before it said {pattern!r}: {self.said}"
            self.said.append(line)
            if found := re.search(pattern, line):
                return found

    def until_served(self):
        self.port = int(self.until(r"is served on https?://127.0.0.1:(\d+)")[1])

    def get(self, path="/", **headers):
        """The status, the headers and the text that a visitor gets."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read().decode()
        finally:
            connection.close()

    def get_until(self, text, path="/"):
        """Ask until this is in the answer: a file is seen a moment after it was written."""
        deadline = time.monotonic() + PATIENCE
        while True:
            status, _, body = self.get(path)
            if text in body:
                return status
            assert time.monotonic() < deadline, body

    def end(self, number=signal.SIGINT):
        """Stop it, and return its status and what it has not been asked for yet."""
        self.process.send_signal(number)
        return self.wait()

    def wait(self):
        status = self.process.wait(PATIENCE)
        self.close()
        while (line := self._lines.get()) is not None:
            self.said.append(line)
        return status

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self._reader.join(PATIENCE)
        self.process.stderr.close()


def write(path, text):
    """As many editors do: a new file, which gets the name of the old one."""
    new = path.with_name(path.name + "~")
    new.write_text(text)
    new.rename(path)


def children_of(pid):
    listed = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True
    )
    return [int(number) for number in listed.stdout.split()]


def is_there(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
