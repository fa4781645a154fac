""":class:`ErrorHandlers`: functions that answer in the place of error pages.

.. code-block:: python

    @app.error_handler(404)
    def not_found(handler, error):
        return {"error": f"There is no {handler.request.path} here."}

    @app.error_handler(OutOfStock)
    async def out_of_stock(handler, error):
        handler.set_status(409)
        return {"error": str(error)}

They are middleware, the outermost of an application or of a blueprint: what is raised within, by a handler or by
middleware, comes to those of the innermost group first, and what they do not answer goes on outwards, to the error page
of the handler in the end (:meth:`.RequestHandler.write_error`).
"""

from collections.abc import Callable
from typing import Any, Final

from ..around import Next
from ..errors import Finish, HTTPError
from ..failures import as_answered
from ..handler import RequestHandler
from .functions import called, check_function, respond

ErrorFunction = Callable[[Any, Any], Any]
"""Takes the handler and the exception, and answers as other functions do."""

UNSPECIFIC: Final = (HTTPError, Exception)
"""Of these it is the status that tells more."""


class ErrorHandlers:
    """Knows which function answers which exception.

    That of its class or of the nearest base class; that of its status, which is 500 for what is no :exc:`HTTPError`;
    that of :exc:`HTTPError` or of :exc:`Exception`: the first of these that there is.
    """

    def __init__(self) -> None:
        self._functions: dict[int | type[Exception], ErrorFunction] = {}

    def add(self, what: tuple[int | type[Exception], ...], function: ErrorFunction) -> None:
        """Have ``function`` answer these statuses and classes. Raises as :meth:`.Decorating.error_handler` says."""
        check_function(function, "handler", "error")
        if not what:
            raise TypeError(f"say what {called(function)} answers: error_handler(404), for example")
        for one in what:
            if not (_is_status(one) or _is_failure(one)):
                raise TypeError(
                    "errors are told by a status from 400 to 599 or a subclass of Exception (but Finish, which is "
                    f"none), not by {one!r}"
                )
            if one in self._functions:
                raise ValueError(f"{one} is answered already, by {called(self._functions[one])}")
        self._functions.update(dict.fromkeys(what, function))

    def copy(self) -> "ErrorHandlers":
        """One with the same functions, to which others can be added."""
        new = ErrorHandlers()
        new._functions = dict(self._functions)
        return new

    async def __call__(self, handler: RequestHandler, call_next: Next) -> None:
        try:
            await call_next(handler)
        except Exception as error:
            unanswered = await self._answer(handler, error)
            if unanswered is not None:
                try:
                    raise unanswered
                finally:
                    del unanswered  # whose traceback has this frame

    async def _answer(self, handler: RequestHandler, error: Exception) -> Exception | None:
        """Answer ``error``, or what a function raises instead; give it back if there is no answer.

        Each function is asked once at most: one that fails does not come to itself.
        """
        asked: list[ErrorFunction] = []
        try:
            while handler._can_be_answered(error):
                function, is_specific = self._find(as_answered(error))
                if function is None or function in asked:
                    break
                asked.append(function)
                await handler._tell_of_failure(error)
                raised = await _ask(function, handler, as_answered(error))
                if raised is None:
                    if not is_specific:
                        handler._log_error(as_answered(error))
                    return None
                error = raised
                del raised
            return error
        finally:
            del error  # whose traceback leads to this frame, by that of _ask()

    def _find(self, error: BaseException) -> tuple[ErrorFunction | None, bool]:
        """The function for ``error``, and whether it is for this very kind."""
        by_status = self._functions.get(status_of(error)[0])
        for kind in type(error).__mro__:
            if kind in UNSPECIFIC and by_status is not None:
                return by_status, False
            function = self._functions.get(kind)
            if function is not None:
                return function, kind not in UNSPECIFIC
        return None, False


async def _ask(
    function: ErrorFunction, handler: RequestHandler, error: BaseException
) -> Exception | None:
    """Have a function answer; give what it raises."""
    try:
        handler._begin_error(*status_of(error))
        await respond(handler, function(handler, error))
        if not handler._finished:
            handler.finish()
    except Exception as raised:
        return raised
    return None


def status_of(error: BaseException) -> tuple[int, str | None]:
    """With which the request would end, and the reason if it has one of its own."""
    return (error.status_code, error.reason) if isinstance(error, HTTPError) else (500, None)


def _is_status(what: object) -> bool:
    return type(what) is int and 400 <= what <= 599


def _is_failure(what: object) -> bool:
    return isinstance(what, type) and issubclass(what, Exception) and not issubclass(what, Finish)
