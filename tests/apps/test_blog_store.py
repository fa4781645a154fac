"""The blog's database and its pictures: what older versions have left is there still, what is left over goes."""

import asyncio
import hashlib
import os
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from demos.blog.app import make_app, sweep
from demos.blog.passwords import earlier_hashes
from demos.blog.pictures import Pictures
from demos.blog.store import VERSIONS, Draft, Store
from tornadolike.stores import MemoryStore

from .blog_visitors import PASSWORD, SECRET, Browser


def test_a_database_of_the_first_version(tmp_path: Path) -> None:
    path = tmp_path / "blog.sqlite"
    old = sqlite3.connect(path)
    old.executescript(VERSIONS[0])  # which did not say its number
    old.execute("INSERT INTO users VALUES (1, 'Ann', 'ann', x'00', x'00')")
    old.execute("INSERT INTO entries VALUES (7, 1, 'Title', 'Text', '', '', 1e9)")
    old.commit()
    old.close()
    for _ in range(2):
        store = Store(path)
        entry = asyncio.run(store.entry(7))
        assert entry.draft == Draft("Title", "Text")
        assert entry.published == entry.changed
        store.close()


@pytest.mark.once
def test_a_password_of_an_earlier_version(serve: Callable[..., Any], tmp_path: Path) -> None:
    """Is right, however short, and is hashed anew."""
    password, salt = "täglich", bytes(range(16))
    path = tmp_path / "blog.sqlite"
    old = sqlite3.connect(path)
    old.executescript(VERSIONS[0])
    made = hashlib.scrypt(password.encode(), salt=salt, n=2**14, r=8, p=5)
    old.execute("INSERT INTO users VALUES (7, 'Ann', 'ann', ?, ?)", (salt, made))
    old.commit()
    old.close()
    store = Store(path)
    server = serve(make_app(store, Pictures(tmp_path), MemoryStore(), SECRET))

    def stored() -> str:
        user, stored = asyncio.run(store.user_of_name("Ann"))
        assert user.number == 7
        return stored

    ann = Browser(server.port)
    ann.get("/signin")
    before = stored()
    assert before.startswith("scrypt$000102")
    assert ann.post("/signin", name="Ann", password=PASSWORD).status == 400
    assert stored() == before
    for _ in range(2):
        assert ann.post("/signin", name="Ann", password=password).status == 303
        assert stored().startswith("$argon2id$")
        ann.get("/signin")
    assert ann.post("/signin", name="Ann", password=PASSWORD).status == 400
    server.stop()
    store.close()


def test_hashes_of_nobody_we_know() -> None:
    assert earlier_hashes("$2b$12$abc", "x") is None


def test_each_blog_is_another(tmp_path: Path) -> None:
    found = []
    for name in ("one", "one", "two"):
        store = Store(tmp_path / name)
        found.append(store.identity)
        store.close()
    assert found[0] == found[1] != found[2]


def test_pictures_that_nobody_shows_are_swept_out(tmp_path: Path) -> None:
    store, pictures = Store(tmp_path / "blog.sqlite"), Pictures(tmp_path / "pictures")
    pictures.folder.mkdir()
    for name, age in (("shown.png", 7200), ("left.png", 7200), ("new.png", 60)):
        (pictures.folder / name).touch()
        os.utime(pictures.folder / name, times=(time.time() - age,) * 2)

    async def use() -> None:
        ann = await store.add_user("Ann", "a hash")
        await store.publish(ann, Draft("Title", "Text", "shown.png"))
        await sweep(store, pictures)

    asyncio.run(use())
    assert sorted(path.name for path in pictures.folder.iterdir()) == ["new.png", "shown.png"]
    [repeated] = make_app(store, pictures, MemoryStore(), SECRET).background.repeated
    assert (repeated.name, repeated.seconds) == ("sweep", 3600)
    store.close()
