"""A loop whose clock jumps: time passes only when nothing else is left to do, and then at once.

What would take an hour takes a millisecond and happens at exactly the right moment. Descriptors are
real and polled at each turn; other threads cannot hold the clock, so it is for one thread only.
"""

from tornadolike.ioloop import IOLoop
from tornadolike.ioloop.poller import default_poller


class VirtualPoller:
    """Asks a real poller, but never sleeps: it puts the loop's clock forward instead."""

    def __init__(self):
        self.real = default_poller()
        self.register = self.real.register
        self.modify = self.real.modify
        self.unregister = self.real.unregister
        self.close = self.real.close
        self.loop = None

    def poll(self, timeout, max_events):
        events = self.real.poll(0, max_events)
        if not events and timeout:
            if timeout < 0:
                raise AssertionError("the loop would sleep for ever")
            self.loop.now += timeout
        return events


class VirtualLoop(IOLoop):
    """``now`` is its clock. A test may move it, as a callback that works for a while would."""

    def __init__(self, now=1000.0, poller=None, **options):
        self.now = now
        poller = poller or VirtualPoller()
        poller.loop = self
        super().__init__(poller=poller, **options)

    def time(self):
        return self.now
