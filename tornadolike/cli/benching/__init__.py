"""The parts of ``tornadolike bench``.

.. code-block:: text

   results      what was measured
   pacing       when the next request is due
   connection   one connection, which asks, and notes how long the answers take
   load         several of them, for some time
   served       an application in a process of its own
"""
