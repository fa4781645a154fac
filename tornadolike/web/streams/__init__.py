"""Responses that are made while they are sent, and may have no end of their own.

Its rooms, each of which knows only those above it:

.. code-block:: text

   lasting      what ends with the client, or with the server
   generators   Streams: responses from generators and other iterables
   events       server-sent events
"""
