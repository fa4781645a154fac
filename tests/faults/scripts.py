"""What hypothesis draws: faults of sockets, and the sizes of what is said."""

from typing import Any

from hypothesis import strategies as st

from tests.faults.sockets import AGAIN, FATAL, INTERRUPTED
from tests.ioloop.virtual import VirtualLoop, VirtualPoller
from tests.running import run_on

passing = st.one_of(
    st.none(), st.integers(1, 3), st.integers(1, 70_000), st.sampled_from([AGAIN, INTERRUPTED])
)
fatal = st.lists(passing, max_size=8).flatmap(
    lambda before: st.sampled_from(FATAL).map(lambda fault: [*before, fault] * 3)
)
scripts = st.fixed_dictionaries(
    {"sending": st.lists(passing, max_size=30), "receiving": st.lists(passing, max_size=30)}
)
deadly_scripts = st.one_of(
    scripts,
    st.fixed_dictionaries({"sending": fatal, "receiving": st.lists(passing, max_size=8)}),
    st.fixed_dictionaries({"sending": st.lists(passing, max_size=8), "receiving": fatal}),
)
sizes = st.one_of(st.integers(1, 100), st.integers(1, 300_000))


MANY_TURNS = 20_000
"""More than any conversation needs: who takes as many is running in circles."""


class Patience(VirtualPoller):
    """Does not wait for a loop that never comes to rest."""

    turns = 0

    def poll(self, timeout: float, max_events: int) -> Any:
        self.turns += 1
        assert self.turns < MANY_TURNS, "the loop runs in circles"
        return super().poll(timeout, max_events)


def play(main: Any) -> None:
    """Run ``main`` on a jumping clock; it fails if it waits for nothing or runs in circles."""
    run_on(lambda: VirtualLoop(poller=Patience(), make_current=False), main)
