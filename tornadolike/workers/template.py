"""The template, from inside: it loads the application once, and each worker is a fork of it.

``python -m tornadolike.workers.template`` is what the supervisor starts, with the application's name and a descriptor
in the environment. There is no loop here, and no thread that is ours: what a fork takes along is a program that has
been loaded, and nothing that goes on.

The supervisor tells, with the descriptors of the worker's channel and sockets beside it, ``{"tells": "fork", "order":
..., "task": ...}``; further ``reopen``, and ``retire``, behind which the template waits for its workers only. It tells
``ready`` or ``failed``, ``forked`` and ``ended``. When the supervisor is gone the template is, too: its workers notice
that themselves.
"""

import faulthandler
import gc
import json
import os
import select
import signal
import socket
import sys
from typing import Any, Final

from .. import autoreload
from ..log.reopening import reopen_log_files
from ..programs.channel import READ_SIZE
from ..programs.loading import load
from ..programs.reports import report_of
from .beating import end_if_stuck
from .child import FAILED, work
from .tasks import Task

VARIABLE: Final = "TORNADOLIKE_TEMPLATE"

MOST_DESCRIPTORS: Final = 250
"""That come with one message: the kernel takes 253."""


def main() -> int:
    """Be the template, or one of its workers, and return the exit status."""
    values = json.loads(os.environ.pop(VARIABLE))
    sys.argv = [values["application"]]
    template = Template(socket.socket(fileno=values["channel"]))
    template.control.set_inheritable(False)
    if sys.stderr is not None:
        faulthandler.enable()
    end_if_stuck(values["start_seconds"])
    autoreload.disable()
    try:
        application = load(values["application"])
    except (Exception, SystemExit) as error:
        template.tell(tells="failed", report=report_of(error).as_dict())
        return FAILED
    faulthandler.cancel_dump_traceback_later()
    task = template.run()
    return 0 if task is None else work(task, application)


class Template:
    """Forks when it is told to.

    :arg control: the way to the supervisor.
    """

    def __init__(self, control: socket.socket) -> None:
        self.control = control
        self._received = b""
        self._descriptors: list[int] = []
        self._children: set[int] = set()
        self._is_retired = False
        self._wakeup = self._waker = -1

    def tell(self, **message: Any) -> None:
        """Tell the supervisor. If it is gone, that is told by the other direction."""
        try:
            self.control.sendall(json.dumps(message).encode() + b"\n")
        except OSError:
            pass

    def run(self) -> Task | None:
        """Fork workers as long as the supervisor wants some; return None then. In each worker it returns its task."""
        self._wakeup, self._waker = os.pipe()
        os.set_blocking(self._waker, False)
        signal.set_wakeup_fd(self._waker, warn_on_full_buffer=False)
        for number in (signal.SIGCHLD, signal.SIGHUP):
            signal.signal(number, _ignored)
        # What was loaded is there for good. The collector would touch all of it, in each worker, and so copy it.
        gc.collect()
        gc.freeze()
        self.tell(tells="ready")
        while self._children or not self._is_retired:
            ready, _, _ = select.select([self.control.fileno(), self._wakeup], [], [])
            if self._wakeup in ready:
                os.read(self._wakeup, READ_SIZE)
                self._reap()
            if self.control.fileno() in ready:
                data, descriptors, _, _ = socket.recv_fds(self.control, READ_SIZE, MOST_DESCRIPTORS)
                if not data:
                    return None
                self._descriptors += descriptors
                if task := self._obey(data):
                    return task
        return None

    def _obey(self, data: bytes) -> Task | None:
        *lines, self._received = (self._received + data).split(b"\n")
        for line in lines:
            message = json.loads(line)
            if message["tells"] == "fork":
                channel, *sockets = self._descriptors
                self._descriptors = []
                if self._fork(message["order"], channel, sockets):
                    task = Task.from_json(message["task"])
                    return task.with_descriptors(channel, tuple(sockets))
            elif message["tells"] == "reopen":
                reopen_log_files()  # or workers to come would write to the old ones
            else:
                self._is_retired = True
        return None

    def _fork(self, order: int, channel: int, sockets: list[int]) -> bool:
        """Whether this is the worker."""
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()  # or each worker would write it once more
        pid = os.fork()
        if pid == 0:
            self._become_worker()
            return True
        for descriptor in (channel, *sockets):
            os.close(descriptor)
        self._children.add(pid)
        self.tell(tells="forked", order=order, pid=pid)
        return False

    def _become_worker(self) -> None:
        os.setpgid(0, 0)  # as those that were not forked
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGCHLD, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        for descriptor in (self._wakeup, self._waker):
            os.close(descriptor)
        self.control.close()

    def _reap(self) -> None:
        """Only those that are ours: the program may have others."""
        for child in list(self._children):
            pid, status = os.waitpid(child, os.WNOHANG)
            if pid:
                self._children.discard(child)
                self.tell(tells="ended", pid=child, status=os.waitstatus_to_exitcode(status))


def _ignored(number: int, frame: object) -> None:
    """Wakes the wait, and does not end the process."""


if __name__ == "__main__":
    sys.exit(main())
