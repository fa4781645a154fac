"""Other people's programs: found by name, served on sockets that listen already, reported on when they fail.

It is what the commands at the desk (``cli``) and the workers in production (``workers``) share.

.. code-block:: text

   amounts    sizes and times, as people read them
   colours    on terminals
   failing    Failure: the only way in which commands fail
   terminal   what is said there
   loading    from a name to an application
   reports    what has failed, and where
   channel    what parent and child tell each other
   places     sockets, and the addresses to visit
   serving    an application on sockets that are there already
"""
