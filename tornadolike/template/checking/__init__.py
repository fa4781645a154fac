"""Finding what is wrong with templates before they are rendered.

.. code-block:: python

    callers = read_callers(["app"])
    for finding in check_templates("app/templates", callers):
        print(finding)

The modules: :mod:`.findings` (what is reported), :mod:`.names` (the names in a template), :mod:`.callers` (those that
the program passes), :mod:`.checker` (the check).
"""

from .callers import Callers, read_callers
from .checker import check_templates
from .findings import Finding

__all__ = ["Callers", "Finding", "check_templates", "read_callers"]
