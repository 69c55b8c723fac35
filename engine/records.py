"""Frozen dataclasses that cost little to declare: a command declares hundreds before it has done anything.

`@record(frozen=True, slots=True)` is `@dataclass(frozen=True, slots=True)` to type checkers and to `dataclasses`; with
`eq=False` too. The standard decorator compiles six functions for each class when its module is imported, and takes its
annotations apart. Here a class is declared by the names of its fields alone: `__init__`, comparing, hashing, showing
and pickling are made when a class first needs them, and what `dataclasses` knows of the fields when somebody asks. A
record is pickled as its class and its values.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dataclasses import dataclass as record
else:
    from collections.abc import Callable
    from dataclasses import MISSING, FrozenInstanceError, dataclass, fields
    from operator import attrgetter
    from threading import RLock
    from typing import Any

    _LOCK = RLock()

    def record(*, frozen: bool, slots: bool, eq: bool = True) -> Callable[[type], type]:
        """A decorator for a class whose fields never change: the first two arguments are true, for type checkers to
        read. Without `eq` a record is equal to itself alone."""
        assert frozen and slots
        return _made if eq else _made_without_comparison

    def _made(cls: type) -> type:
        return _declared(cls, ("__init__", "__eq__", "__hash__", "__repr__", "__reduce__"))

    def _made_without_comparison(cls: type) -> type:
        return _declared(cls, ("__init__", "__repr__", "__reduce__"))

    def _declared(cls: type, methods: tuple[str, ...]) -> type:
        """The class with a slot for each field, and methods that make themselves when they are first called."""
        own = [name for name, kind in cls.__annotations__.items() if "ClassVar[" not in str(kind)]
        bases = [getattr(base, "__match_args__", ()) for base in reversed(cls.__bases__)]
        inherited = [name for names in bases for name in names]
        left_out = {*own, "__dict__", "__weakref__"}
        content = {name: value for name, value in cls.__dict__.items() if name not in left_out}
        content["__qualname__"] = cls.__qualname__
        content["__slots__"] = tuple(name for name in own if name not in inherited)
        content["__match_args__"] = tuple(dict.fromkeys([*inherited, *own]))
        content["__dataclass_fields__"] = known = _Fields(cls)
        content["__dataclass_params__"] = _PARAMS
        content |= {"__setattr__": _refuse_to_set, "__delattr__": _refuse_to_delete}
        known.made = made = type(cls)(cls.__name__, cls.__bases__, content)
        for name in methods:
            if cls.__dict__.get(name) is None:
                setattr(made, name, _first(made, name))
        return made

    def _first(made: type, name: str) -> Callable[..., Any]:
        """A method that puts the one in its place that is meant, and calls it."""

        def first(*arguments: Any, **named: Any) -> Any:
            method = _WRITERS[name](made)
            setattr(made, name, method)
            return method(*arguments, **named)

        return first

    class _Fields:
        """The fields of a class as `dataclasses` knows them, found when somebody asks."""

        made: type

        def __init__(self, plain: type) -> None:
            self.plain = plain

        def __get__(self, instance: object, owner: type) -> dict[str, Any]:
            with _LOCK:
                if self.made.__dict__["__dataclass_fields__"] is self:
                    self.plain.__doc__ = self.plain.__doc__ or self.made.__name__  # or a signature is written, slowly
                    found = dataclass(init=False, repr=False, eq=False)(self.plain)
                    self.made.__dataclass_fields__ = found.__dict__["__dataclass_fields__"]
            return self.made.__dict__["__dataclass_fields__"]

    def _equals(cls: type) -> Callable[[Any, object], Any]:
        compared = _getter([declaration.name for declaration in fields(cls) if declaration.compare])

        def equals(self: Any, other: object) -> Any:
            return compared(self) == compared(other) if other.__class__ is self.__class__ else NotImplemented

        return equals

    def _hashed(cls: type) -> Callable[[Any], int]:
        compared = _getter([declaration.name for declaration in fields(cls) if declaration.compare])

        def hashed(self: Any) -> int:
            return hash(compared(self))

        return hashed

    def _written(cls: type) -> Callable[[Any], str]:
        shown = [declaration.name for declaration in fields(cls) if declaration.repr]

        def written(self: Any) -> str:
            return f"{type(self).__qualname__}({', '.join(f'{name}={getattr(self, name)!r}' for name in shown)})"

        return written

    def _reduced(cls: type) -> Callable[[Any], tuple[type, tuple[Any, ...]]]:
        values = _getter(list(cls.__match_args__))

        def reduced(self: Any) -> tuple[type, tuple[Any, ...]]:
            return type(self), values(self)

        return reduced

    def _getter(names: list[str]) -> Callable[[Any], tuple[Any, ...]]:
        """What gives the values of some fields, always as a tuple."""
        if len(names) > 1:
            return attrgetter(*names)
        if not names:
            return lambda _: ()
        get = attrgetter(*names)
        return lambda instance: (get(instance),)

    def _init(cls: type) -> Callable[..., None]:
        """`__init__` as the standard decorator would write it, setting slots directly."""
        known: dict[str, Any] = {}
        parameters, lines = [], []
        for field in fields(cls):
            known[f"set_{field.name}"] = getattr(cls, field.name).__set__
            known[f"default_{field.name}"] = field.default
            known[f"new_{field.name}"] = field.default_factory
            value = field.name
            if field.default_factory is not MISSING:
                known["MISSING"] = MISSING
                parameters.append(f"{field.name}=MISSING")
                value = f"new_{field.name}() if {field.name} is MISSING else {field.name}"
            else:
                parameters.append(field.name if field.default is MISSING else f"{field.name}=default_{field.name}")
            lines.append(f"    set_{field.name}(self, {value})")
        if hasattr(cls, "__post_init__"):
            lines.append("    self.__post_init__()")
        exec("\n".join([f"def __init__({', '.join(['self', *parameters])}):", *(lines or ["    pass"])]), known)
        return known["__init__"]

    def _refuse_to_set(self: Any, name: str, value: object) -> None:
        raise FrozenInstanceError(f"cannot assign to field {name!r}")

    def _refuse_to_delete(self: Any, name: str) -> None:
        raise FrozenInstanceError(f"cannot delete field {name!r}")

    @dataclass(init=False, repr=False, eq=False)
    class _Plain:
        """Something whose parameters a record shows as its own."""

    _PARAMS = _Plain.__dataclass_params__
    _WRITERS = {
        "__init__": _init, "__eq__": _equals, "__hash__": _hashed, "__repr__": _written, "__reduce__": _reduced
    }  # fmt: skip


__all__ = ["record"]
