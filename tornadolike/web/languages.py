"""In which language a request is answered: the reader's choice, or the browser's."""

from collections.abc import Awaitable

from ..locale import Locale, get_closest_accepted
from ..util import lazy
from .head import ResponseHead


class Languages(ResponseHead):
    """Chooses a request's locale, when it is asked for."""

    _locale_has_failed = False
    """To ask again would fail again."""

    @lazy
    def locale(self) -> Locale:
        """The locale of this request: :meth:`get_user_locale`, or else :meth:`get_browser_locale`.

        It is chosen when it is first read, and may be assigned, as in :meth:`~.RequestHandler.prepare`. Raises
        :exc:`TypeError` if :meth:`get_user_locale` gives a code, or is a coroutine.
        """
        self._locale_has_failed = True  # until it is known
        locale = self.get_user_locale()
        if isinstance(locale, (str, Awaitable)):
            raise TypeError(
                f"get_user_locale() has to give tornadolike.locale.get(code) or None, not {locale!r}; "
                "what has to be waited for, prepare() can wait for, and assign self.locale"
            )
        if locale is None:
            locale = self.get_browser_locale()
        self._locale_has_failed = False
        return locale

    def _has_no_locale(self) -> bool:
        """Whether it could not be told when it was asked for, and nobody has assigned one since."""
        return self._locale_has_failed and "locale" not in vars(self)

    # To be overridden

    def get_user_locale(self) -> Locale | None:
        """The locale that the user has chosen, or None to go by the browser.

        The place to read a cookie or a user's profile: ``return tornadolike.locale.get("de")``.
        """
        return None

    def get_browser_locale(self, default: str = "en_US") -> Locale:
        """The best of the site's locales for ``Accept-Language`` (RFC 9110 section 12.5.4).

        :arg default: the code of the locale for a browser that sends no such header, or one that names no language.
        """
        return get_closest_accepted(self.request.headers.get("Accept-Language"), default)
