"""``python -m tornadolike run``: a process that watches, and the program in a process below it.

The parent binds the sockets once, and never runs a line of the program. It starts the child, which serves on them; it
watches the files, and replaces the child when they change; and while there is no child because the program has an
error, it answers on the same sockets itself, with what is wrong. So the place where visitors come is always there.

Rooms, from the bottom up:

.. code-block:: text

   browsers     pages that load themselves again
   child        the program's process, from inside
   programs     the same from outside
   pages        the error, as a page
   supervisor   who runs when
   production   by workers, which are another room's affair
"""
