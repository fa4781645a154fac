"""Escaping by context: what each expression of a template needs by where it stands in the page.

The modules, each of which uses only those before it: :mod:`.problem`; :mod:`.url`, :mod:`.script` and :mod:`.style`
(the places within these); :mod:`.contents` (which of them elements and attributes hold); :mod:`.page` (the place in
HTML); :mod:`.walk` (a template's way through the page); :mod:`.survey` (the same, for a template with the default
escaping). They name the functions of :mod:`tornadolike.template.escaping`, and are needed when a template is compiled
or checked, not when it is rendered.
"""

from .survey import Unsafe, unsafe_outputs
from .walk import choose_escapers

__all__ = ["Unsafe", "choose_escapers", "unsafe_outputs"]
