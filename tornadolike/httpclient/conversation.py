""":class:`Conversation`: from a plan to an answer, by as many hops as it takes."""

from .engine import Answer, Engine, Hop
from .plan import Plan


class Conversation:
    """One fetch.

    :arg engine: what sends the requests.
    """

    def __init__(self, engine: Engine, plan: Plan) -> None:
        self._engine = engine
        self._plan = plan
        self.hop: Hop = plan.first_hop()
        """The last that was sent."""

    async def open(self) -> Answer:
        """Send what is to be sent, until there is an answer that is for the caller."""
        return await self._engine.send(self.hop)
