"""Small things."""

import os.path
from collections.abc import Iterator
from typing import Any

import pytest

from tornadolike import util
from tornadolike.util import Configurable, ObjectDict, computed, import_object, lazy, overrides


class Thing:
    def __init__(self) -> None:
        self.computed = 0

    @lazy
    def value(self) -> int:
        """The docstring."""
        self.computed += 1
        return 42


def test_lazy_computes_once() -> None:
    thing = Thing()
    assert thing.computed == 0
    assert (thing.value, thing.value, thing.computed) == (42, 42, 1)
    assert Thing.value.__doc__ == "The docstring."


def test_lazy_can_be_assigned_and_deleted() -> None:
    thing: Any = Thing()
    thing.value = 1
    assert (thing.value, thing.computed) == (1, 0)
    del thing.value
    assert (thing.value, thing.computed) == (42, 1)


def test_computed_is_asked_each_time_and_can_be_assigned() -> None:
    class Thing:
        """Has a number."""

        number = 1

        @computed
        def double(self) -> int:
            """Twice the number."""
            return 2 * self.number

    thing = Thing()
    assert thing.double == 2
    thing.number = 4
    assert thing.double == 8
    vars(thing)["double"] = "a program's own"
    assert thing.double == "a program's own"
    assert Thing.double.__doc__ == "Twice the number."


def test_lazy_that_fails_is_asked_again() -> None:
    class Fails:
        tries = 0

        @lazy
        def value(self) -> int:
            self.tries += 1
            raise ValueError("no value")

    fails = Fails()
    for _ in range(2):
        with pytest.raises(ValueError, match="no value"):
            fails.value  # noqa: B018 (it raises)
    assert fails.tries == 2


def test_object_dict() -> None:
    found = ObjectDict(a=1)
    found.b = 2
    found["c"] = 3
    assert found == {"a": 1, "b": 2, "c": 3}
    assert (found.a, found["b"], found.c) == (1, 2, 3)
    with pytest.raises(AttributeError, match="nope"):
        found.nope  # noqa: B018 (it raises)


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("os", os),
        ("os.path", os.path),
        ("os.path.join", os.path.join),
        ("tornadolike.util", util),
        ("tornadolike.util.lazy", lazy),
        ("tornadolike.http1.limits", __import__("tornadolike.http1.limits").http1.limits),
    ],
)
def test_import_object(name: str, found: object) -> None:
    assert import_object(name) is found


@pytest.mark.parametrize("name", ["nowhere", "nowhere.at.all", "os.nothing", "os.path.nothing"])
def test_import_object_that_is_not_there(name: str) -> None:
    with pytest.raises(ImportError):
        import_object(name)


class Shape(Configurable):
    @classmethod
    def configurable_base(cls) -> type[Configurable]:
        return Shape

    @classmethod
    def configurable_default(cls) -> type[Configurable]:
        return Circle

    def initialize(self, size: int = 1) -> None:
        self.size = size


class Circle(Shape):
    pass


class Polygon(Shape):
    """An implementation that is a choice itself."""

    @classmethod
    def configurable_base(cls) -> type[Configurable]:
        return Polygon

    @classmethod
    def configurable_default(cls) -> type[Configurable]:
        return Square

    def initialize(self, size: int = 1, corners: int = 3) -> None:
        super().initialize(size)
        self.corners = corners


class Square(Polygon):
    pass


@pytest.fixture
def _nothing_configured() -> Iterator[None]:
    yield
    for base in Shape, Polygon:
        base._configured = None


@pytest.mark.usefixtures("_nothing_configured")
class TestConfigurable:
    def test_what_is_made_is_the_default(self) -> None:
        assert Shape.configured_class() is Circle
        made = Shape(5)
        assert type(made) is Circle
        assert made.size == 5

    def test_what_is_made_is_what_was_chosen(self) -> None:
        class Dot(Shape):
            pass

        Shape.configure(Dot)
        assert Shape.configured_class() is Dot
        assert type(Shape()) is Dot
        assert type(Circle()) is Circle
        Shape.configure(None)
        assert type(Shape()) is Circle

    def test_by_name_with_arguments(self) -> None:
        Shape.configure(f"{__name__}.Circle", size=7)
        assert Shape().size == 7
        assert Shape(size=8).size == 8
        assert Circle().size == 1
        Shape.configure(None, size=9)
        assert Shape().size == 9

    def test_a_choice_below_a_choice(self) -> None:
        Shape.configure(Polygon, size=2)
        made = Shape(corners=4)
        assert type(made) is Square
        assert (made.size, made.corners) == (2, 4)
        assert type(Polygon()) is Square
        Polygon.configure(Polygon, corners=6)
        # The choice for the base below is not the base's above.
        assert Shape.configured_class() is Polygon
        made = Shape()
        assert type(made) is Polygon
        assert (made.size, made.corners) == (2, 6)

    def test_what_is_no_implementation_is_refused(self) -> None:
        for wrong in (dict, Square(), "builtins.dict"):
            with pytest.raises(ValueError, match="is not a subclass of Shape"):
                Shape.configure(wrong)  # type: ignore[arg-type]
        with pytest.raises(ImportError):
            Shape.configure("nowhere.Nothing")

    def test_what_the_base_must_say(self) -> None:
        with pytest.raises(NotImplementedError):
            Configurable()
        with pytest.raises(NotImplementedError):
            Configurable.configurable_default()

    def test_initialize_may_be_left_out(self) -> None:
        class Plain(Configurable):
            @classmethod
            def configurable_base(cls) -> type[Configurable]:
                return Plain

            @classmethod
            def configurable_default(cls) -> type[Configurable]:
                return Plain

        assert type(Plain()) is Plain


def test_what_is_overridden() -> None:
    class Base:
        def one(self) -> None:
            pass

        def two(self) -> None:
            pass

    class Other(Base):
        def two(self) -> None:
            pass

    patched = Base()
    patched.one = print  # type: ignore[method-assign, assignment]
    assert not overrides(Base(), Base, "one", "two")
    assert not overrides(Other(), Base, "one")
    assert overrides(Other(), Base, "one", "two")
    assert overrides(patched, Base, "one")
