"""Workers without processes: their ends are in the hands of the test."""

import asyncio
import itertools
import json
import signal
import socket

from tornadolike.programs.channel import Channel
from tornadolike.workers.worker import Worker

numbers = itertools.count(1000)


class FakeProcess:
    def __init__(self):
        self.pid = next(numbers)
        self.ended = asyncio.get_running_loop().create_future()
        self.signals = []

    def send_signal(self, number):
        self.signals.append(number)
        if number == signal.SIGKILL:
            self.end(-signal.SIGKILL)

    def end(self, status):
        if not self.ended.done():
            self.ended.set_result(status)


class FakeChannel:
    """What a :class:`.Channel` is to the supervisor."""

    def __init__(self):
        self.sent = []
        self.is_closed = False

    def listen(self, heard):
        self.heard = heard

    def send(self, **message):
        self.sent.append(message)

    def read(self):
        pass

    def close(self):
        self.is_closed = True


class FakeWorker(Worker):
    """A worker with its process and channel at hand."""

    def __init__(self, number=1, generation=1, gone=lambda worker: None):
        self.process = FakeProcess()
        self.channel = FakeChannel()
        super().__init__(number, generation, self.process, self.channel, gone)

    def says(self, **message):
        self.channel.heard(message)

    def beats(self, **counts):
        zeros = dict.fromkeys(("requests", "connections", "websockets", "lag", "memory"), 0)
        self.says(tells="beat", **{**zeros, **counts})


class FakeSource:
    """Hires fakes, and does with each of them what the next of ``deeds`` says: by default it is ready at once."""

    def __init__(self, generation=1, deeds=()):
        self.generation = generation
        self.deeds = list(deeds)
        self.hired = []
        self.is_retired = False
        self.refusal = None

    async def prepare(self):
        if self.refusal is not None:
            raise self.refusal

    async def hire(self, number, sockets, gone):
        worker = FakeWorker(number, self.generation, gone)
        self.hired.append(worker)
        (self.deeds.pop(0) if self.deeds else ready)(worker)
        return worker

    def reopen(self):
        pass

    def retire(self):
        self.is_retired = True


class FakeStaff:
    """The supervisor, to a slot."""

    def __init__(self, source):
        self.source = source

    async def hire(self, source, number):
        return await source.hire(number, (), lambda worker: None)


def ready(worker):
    worker.says(tells="ready")


def fails(worker):
    worker.process.end(1)


def hangs(worker):
    pass


def raises(error):
    def deed(worker):
        raise error

    return deed


def channel_pair():
    """Two ends, each a :class:`.Channel`."""
    return [Channel(sock) for sock in socket.socketpair()]


def lines_of(data):
    return [json.loads(line) for line in data.splitlines()]
