"""Access logs: a line for each request in a file, at a cost that a busy site can bear.

By default an application says what it served through the logger ``tornadolike.access``, which is right for
development and for a site that sends all it has to say to one place. The logs here are for a site with much to
write: they take the place of that logger as the setting ``log_function``.

.. code-block:: python

    from tornadolike.accesslog import CombinedLog

    app = Application(rules, log_function=CombinedLog("/var/log/site/access.log"))

* :class:`CombinedLog`: the combined format of Apache and nginx, which every analyser reads;
* :class:`JSONLog`: a JSON object on each line;
* :class:`AccessLog`: the base of both, for a format of your own.

A request costs the formatting of its line. The lines are written together, by a thread, so that a disk that is
slow or full keeps no request waiting (:mod:`.batches`).
"""

from .formats import AccessLog, CombinedLog, JSONLog

__all__ = ["AccessLog", "CombinedLog", "JSONLog"]
