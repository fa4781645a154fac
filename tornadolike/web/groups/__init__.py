"""Groups of rules, by blueprints and decorators; what is called around their handlers, and functions as handlers.

Its rooms, each of which knows only those above it:

.. code-block:: text

   functions        a handler that is made of a function
   request_hooks    what is called before and after the handlers of a group
   error_handlers   what answers in the place of error pages
   decorating       Decorating: what applications and blueprints are filled with
   blueprints       Blueprint: a group, to be added to applications
"""

from .blueprints import Blueprint

__all__ = ["Blueprint"]
