"""The parts of ``tornadolike new``.

.. code-block:: text

   names      what a project may be called
   writing    its files, which are made of those in files/
"""
