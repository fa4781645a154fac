"""Passwords that everybody chooses, and so who guesses tries first."""

import re
from typing import Final

_LIST: Final = """
abc abcd abcde abcdef access account admin administrator adobe amanda america andrea andrew angel angels anthony apple
arsenal ashley asshole austin azerty babygirl bailey banana barcelona baseball basketball batman biteme blink bond
buster butterfly camaro changeme charlie cheese chelsea chocolate computer cookie correct correcthorsebatterystaple
corvette cowboy dallas daniel default diamond doctor dolphin donald dragon eagle easy family fender ferrari flower
football forever freedom friend friends fuck fuckme fuckyou gandalf garfield george ginger god google guest guitar
hammer hannah happy harley heather hello hockey horse hunter iceman iloveu iloveyou internet jackson jaguar jasmine
jennifer jessica jesus jordan joshua justin killer knight lakers letmein login london love lovely lovers lucky maggie
manchester marina martin master matrix matthew maverick mercedes merlin michael michelle mickey midnight minecraft
monkey monster morgan mustang nicole ninja nirvana nothing orange pass passport passw passwd password patrick peaches
pepper phoenix pikachu player please pokemon porsche prince princess purple qazwsx qwe qwer qwert qwerty qwertz
rainbow ranger robert root samantha samsung secret secure server shadow silver simple slipknot soccer spider spiderman
staple starwars steelers summer sunshine superman taylor temp tennis test tester testing thomas thunder tigger
tinkerbell tomcat trustno trustnoone user welcome whatever william winner winter xsw yankees yellow zaq zxc zxcv zxcvb
zxcvbn
"""
_WORDS: Final = frozenset(_LIST.split())
"""What they are made of."""
_ROWS: Final = (
    "0123456789",
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiopasdfghjklzxcvbnm",
    "qwertzuiopasdfghjklyxcvbnm",
    "azertyuiopqsdfghjklmwxcvbn",
    "qazwsxedcrfvtgbyhnujmikolp",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
    "1q2w3e4r5t6y7u8i9o0p",
)
"""What lies side by side."""
_SHORTEST_RUN: Final = 3
_LONGEST_NUMBER: Final = 14
"""Digits of a number that is a date, a telephone number, ..."""
_AS_LETTERS: Final = str.maketrans("0134578@$!", "oieastbasi")
_DECORATION: Final = re.compile(r"[\W\d_]+")
_ENDS: Final = re.compile(r"^[\W\d_]+|[\W\d_]+$")
_REPEATED: Final = re.compile(r"(.{1,32}?)\1+", re.DOTALL)


def is_common(password: str) -> bool:
    """Whether it is one of those, however it is decorated: ``P@ssw0rd123!``, ``qwerty2024``, ``aaaaaaaa``,
    ``12345678``, ``passwordpassword``."""
    text = password.lower()
    repeated = _REPEATED.fullmatch(text)
    core = repeated[1] if repeated else text
    if repeated and len(core) <= _SHORTEST_RUN:
        return True
    if core.isdecimal():
        return len(core) <= _LONGEST_NUMBER or _is_run(core)
    bare = _ENDS.sub("", core)
    forms = {core, bare, bare.translate(_AS_LETTERS), _DECORATION.sub("", core)}
    return any(one in _WORDS or _is_run(one) for one in forms) or not bare


def _is_run(text: str) -> bool:
    """Whether these are keys that lie side by side, or a row of them that begins anew."""
    if len(text) < _SHORTEST_RUN:
        return False
    for row in _ROWS:
        rows = row * (len(text) // len(row) + 2)
        if text in rows or text[::-1] in rows:
            return True
    return False
