"""The package's loggers.

* ``access_log``: one record for each request served (INFO below status 400, WARNING below 500, ERROR from 500).
* ``app_log``: what went wrong in the application's own code (an exception in a handler or a callback).
* ``gen_log``: everything else the framework has to say about itself or its peers.

They are ordinary :mod:`logging` loggers; nothing is configured on import.
"""

import logging

access_log = logging.getLogger("tornadolike.access")
app_log = logging.getLogger("tornadolike.application")
gen_log = logging.getLogger("tornadolike.general")
