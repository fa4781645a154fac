"""The parts of ``tornadolike routes``.

.. code-block:: text

   entries      all the rules of a site, in the order in which they are asked
   matching     which of them answers a request
   places       where in the source something is
"""
