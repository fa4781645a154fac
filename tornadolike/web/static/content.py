""":class:`StaticContent`: what is known of static files without a request, and with it how their addresses are made."""

import asyncio
import os
import threading
from collections.abc import Iterable, Iterator
from typing import Any, ClassVar, Final
from urllib.parse import quote

from ...log import gen_log
from ..files.paths import absolute, check_inside, leads_out, not_inside, open_regular
from .versions import State, Versions, state_at, version_of, version_of_file

CHUNK_SIZE: Final = 64 * 1024
"""Bytes read from a file at a time."""

SAFE_IN_ADDRESS: Final = "/:@!$&'()*+,;=~?#[]%"
"""What stays as it is in the path of an address. What an author has made of it, a query say, stays so too."""


class StaticContent:
    """The class methods of :class:`.StaticFileHandler`, all of which may be overridden."""

    MAX_VERSION_CONTENT_SIZE = 64 * 1024 * 1024
    """A file of up to so many bytes has the hash of its content for a version. A larger one has none, and an Etag of
    its size and date."""

    LARGE_SIZE = 8 * 1024 * 1024
    """Files of more bytes are hashed in a thread."""

    MAX_CACHED_VERSIONS = 10_000
    """Versions that are remembered."""

    _versions: ClassVar[Versions] = Versions()
    _static_hashes: ClassVar[dict[str, str | None]] = {}
    _lock: ClassVar[threading.Lock] = threading.Lock()
    """These two, and :meth:`_get_cached_version`, are for subclasses that were written for Tornado and remember paths
    or versions in a way of their own."""

    @classmethod
    def reset(cls) -> None:
        """Forget all versions."""
        cls._versions = Versions()
        cls._static_hashes = {}

    # Content

    @classmethod
    def get_absolute_path(cls, root: str, path: str) -> str:
        """The file that ``path`` names below ``root``.

        Raises :exc:`HTTPError` (403) if it names one elsewhere, or leads out of ``root`` and back: who may do that can
        find out, name by name, where ``root`` is.
        """
        if leads_out(path):
            raise not_inside(path)
        absolute_path = os.path.abspath(os.path.join(root, path))
        return check_inside([absolute(root)], absolute_path, path)

    @classmethod
    def get_content(
        cls, abspath: str, start: int | None = None, end: int | None = None
    ) -> Iterable[bytes] | bytes:
        """The file's bytes from ``start`` to before ``end``, in pieces (or, overridden, at once)."""
        return read_file(abspath, start or 0, end)

    @classmethod
    def get_content_version(cls, abspath: str) -> str:
        """What tells this content from any other: the hash of it.

        Raises :exc:`ValueError` for more than :attr:`MAX_VERSION_CONTENT_SIZE`.
        """
        return version_of(cls.get_content(abspath), cls.MAX_VERSION_CONTENT_SIZE)

    @classmethod
    def _has_own_content(cls) -> bool:
        """Whether the author has overridden where the content comes from."""
        return cls._overrides("get_content")

    @classmethod
    def _has_own_versions(cls) -> bool:
        """Whether the author has overridden what versions are made of."""
        return cls._has_own_content() or cls._overrides("get_content_version")

    @classmethod
    def _has_own_memory(cls) -> bool:
        """Whether the author has overridden how versions are remembered."""
        return cls._overrides("_get_cached_version")

    @classmethod
    def _overrides(cls, name: str) -> bool:
        """Whether the author has a method of this name, be it one of the class or, as in JupyterLab, of its objects."""
        method = getattr(cls, name)
        return getattr(method, "__func__", method) is not getattr(StaticContent, name).__func__

    # Addresses

    @classmethod
    def make_static_url(
        cls, settings: dict[str, Any], path: str, include_version: bool = True
    ) -> str:
        """The address of a file, with its version behind it (``?v=``) if it has one.

        That of a file larger than :attr:`LARGE_SIZE` is worked out in a thread: for a moment there is none.

        :arg settings: the application's.
        :arg path: the file's, below the setting ``static_path``. One that an author knows: never one from a request.
            Raises :exc:`TypeError` for what is no text.
        """
        if not isinstance(path, str):
            raise TypeError(f"the path of a static file is a str, not {path!r}")
        prefix: str = settings.get("static_url_prefix", "/static/")
        url = prefix + quote(path, safe=SAFE_IN_ADDRESS)
        if not include_version:
            return url
        if cls._overrides("get_version"):
            version = cls.get_version(settings, path)
        else:
            version = cls._find_version(settings, path, at_once=False)
        return f"{url}?v={version}" if version else url

    @classmethod
    def get_version(cls, settings: dict[str, Any], path: str) -> str | None:
        """The version of a file below the setting ``static_path``; None if there is none.

        It is remembered as long as the file stays as it is; if there is no file, because the content comes from
        somewhere else, until :meth:`reset`, or not at all if the setting ``static_hash_cache`` is false. Why there
        is none is logged, once.

        It is worked out at once, however large the file is. (:meth:`make_static_url` does not wait for it.)
        """
        return cls._find_version(settings, path, at_once=True)

    @classmethod
    def _find_version(cls, settings: dict[str, Any], path: str, at_once: bool) -> str | None:
        abspath = cls.get_absolute_path(settings["static_path"], path)
        if cls._has_own_memory():
            return cls._get_cached_version(abspath)
        state = state_at(abspath)
        found = cls._versions.find((cls, abspath), state)
        if found is not None and (state or settings.get("static_hash_cache", True)):
            return found[0]
        if not at_once and state is not None and cls._is_large(state) and _in_loop():
            cls._find_out_version(abspath, state)
            return None
        version = cls._try_version(abspath)
        cls._remember(abspath, state, version)
        return version

    # Versions

    @classmethod
    def _try_version(cls, abspath: str) -> str | None:
        """The :meth:`get_content_version`; None, and a line in the log, if it fails."""
        try:
            return cls.get_content_version(abspath)
        except Exception as error:
            gen_log.error("Could not open static file %r: %s", abspath, error)
            return None

    @classmethod
    def _get_cached_version(cls, abspath: str) -> str | None:
        """The version of a file as it is now."""
        state = state_at(abspath)
        version = None if state is None else cls._version_in(abspath, state)
        if version is None:
            version = cls._try_version(abspath)
            cls._remember(abspath, state, version)
        return version

    @classmethod
    def _version_in(cls, abspath: str, state: State) -> str | None:
        """The version of a file in this state; None if it is in another by now."""
        found = cls._versions.find((cls, abspath), state)
        if found is not None:
            return found[0]
        if cls._has_own_versions():
            version = cls._try_version(abspath)
        elif cls._is_large(state):
            return None  # a thread was asked before, and found it changed
        else:
            version = version_of_file(abspath, state)
            if version is None:
                return None
        cls._remember(abspath, state, version)
        return version

    @classmethod
    def _knows_version(cls, abspath: str, state: State) -> bool:
        return cls._versions.find((cls, abspath), state) is not None

    @classmethod
    def _remember(cls, abspath: str, state: State | None, version: str | None) -> None:
        cls._versions.remember((cls, abspath), state, version, cls.MAX_CACHED_VERSIONS)

    @classmethod
    def _is_large(cls, state: State) -> bool:
        """Whether a file is to be hashed in a thread. What an author has written is not called there."""
        return (
            cls.LARGE_SIZE < state.size <= cls.MAX_VERSION_CONTENT_SIZE
            and not cls._has_own_versions()
        )

    @classmethod
    def _find_out_version(cls, abspath: str, state: State) -> "asyncio.Future[None]":
        key, limit = (cls, abspath), cls.MAX_CACHED_VERSIONS
        return cls._versions.find_out(key, abspath, state, limit)


def _in_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def read_file(path: str, start: int, end: int | None) -> Iterator[bytes]:
    """The bytes of a file from ``start`` to before ``end`` (or to where it ends), in pieces."""
    with open_regular(path) as file:
        file.seek(start)
        while end is None or start < end:
            chunk = file.read(CHUNK_SIZE if end is None else min(CHUNK_SIZE, end - start))
            if not chunk:
                return
            start += len(chunk)
            yield chunk
