"""Babel's locales with data of their own.

Babel's share what they inherit, and write into it what they have looked up: after Hebrew months other languages may
have them too, until the process ends (https://github.com/python-babel/babel/issues/1234, in Babel 2.18 and before).
"""

import copy

from babel import Locale
from babel.localedata import LocaleDataDict

from ..util import lazy


class IsolatedLocale(Locale):
    """A locale that writes into nobody else's data. That is copied when it is first looked at."""

    @lazy
    def _data(self) -> LocaleDataDict:
        shared = super()._data
        return LocaleDataDict(copy.deepcopy(shared._data))
