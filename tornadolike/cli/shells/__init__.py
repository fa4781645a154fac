"""The parts of ``tornadolike shell``.

.. code-block:: text

   session      a loop in a thread of its own, in which the application is served
   history      what was typed
   console      Python's own console, whose code runs on the loop
   ipython      the same with IPython
"""
