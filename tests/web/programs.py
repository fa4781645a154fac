"""Programs that serve in processes of their own, and say what they do."""

import contextlib
import http.client
import os

from tests.conftest import PATIENCE


class Running:
    """A program that has said where it serves."""

    def __init__(self, forks, folder, source, *arguments):
        path = folder / "program.py"
        path.write_text(source)
        reading, writing = os.pipe()
        with open(os.devnull) as nothing:
            self.process = forks.run(
                str(path), *arguments, stdin=nothing.fileno(), stdout=writing, stderr=writing
            )
        os.close(writing)
        self.output = os.fdopen(reading)
        self.said = []

    def wait_for(self, word):
        """The rest of the line that begins so."""
        for line in self.output:
            self.said.append(line.strip())
            if line.startswith(word):
                return line.removeprefix(word).strip()
        raise AssertionError(f"never said {word!r}: {self.said}")

    def ask(self, port, path="/"):
        client = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        with contextlib.closing(client):
            client.request("GET", path)
            return client.getresponse().read().decode()

    def tell(self, number):
        os.kill(self.process.pid, number)

    def end(self):
        """Its status, and all that it has said since it was up."""
        self.said += [line.strip() for line in self.output]
        status = self.process.wait(PATIENCE)
        return status, self.said


def run_programs(forks, folder):
    """For a fixture: what starts a program of this source; all are ended at last."""
    programs = []

    def start(source, *arguments):
        programs.append(Running(forks, folder, source, *arguments))
        return programs[-1]

    yield start
    for program in programs:
        if program.process.poll() is None:
            program.process.kill()
            program.process.wait(PATIENCE)
        program.output.close()
