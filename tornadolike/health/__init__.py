"""Whether a site is well, for those who send it requests or start it anew: load balancers, Kubernetes, systemd.

.. code-block:: python

    health = Health()

    @health.check("database")
    async def database():
        await pool.fetchval("SELECT 1")

    app = Application([*health.rules(), *rules])

Its rooms, each of which knows only those above it:

.. code-block:: text

   checks     Check: a function that is asked seldom, by however many
   probes     what answers at the two paths
   health     Health
"""

from .checks import Result
from .health import Health

__all__ = ["Health", "Result"]
