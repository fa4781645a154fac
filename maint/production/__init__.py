"""The proof that a site stays up: faults are made under steady traffic, and every request is accounted for.

.. code-block:: text

    site         the application that is asked, and what can be done to it
    service      ``tornadolike run --workers`` with it, as a process; and a stand-in for systemd
    processes    which connections a process holds, how much memory it has
    tally        what became of requests and messages
    wire         HTTP as a client speaks it, which tells refused, lost and answered apart
    clients      the traffic: kept connections, fresh ones, slow answers, uploads
    websockets   and WebSockets
    traffic      all of them together
    witness      and wrk beside them
    scenarios    what goes wrong meanwhile
    reports      what is told of it

Clients run on asyncio's own loop and read HTTP by themselves: what is measured does not measure itself.
"""
