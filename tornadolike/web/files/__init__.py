"""Files as responses: what is known of them before anything is sent, and how they are sent.

Its rooms, each of which knows only those above it:

.. code-block:: text

   paths           no path leads out of a directory
   types           the content types that names tell
   preconditions   whether a file is what the client asks about
   byteranges      what stands around several ranges
   sending         files whose bytes need not come through here
   parts           as much of a content as the client wants
"""
