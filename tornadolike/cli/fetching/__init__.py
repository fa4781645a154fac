"""The parts of ``python -m tornadolike fetch``.

* :mod:`.asking`: from the command line to a request;
* :mod:`.statuses`: how it ends, for scripts;
* :mod:`.progress`: a bar on long downloads;
* :mod:`.telling`: what ``-v`` shows.
"""
