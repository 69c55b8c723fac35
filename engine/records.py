"""Frozen dataclasses that cost little to declare: a command declares hundreds before it has done anything.

`@record(frozen=True, slots=True)` is `@dataclass(frozen=True, slots=True)` to type checkers and to `dataclasses`. The
standard decorator compiles six functions for each class when its module is imported. Here comparing, hashing and
showing are shared functions over the fields, and `__init__` is compiled when the first instance is made. A record is
pickled as its class and its values.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dataclasses import dataclass as record
else:
    from collections.abc import Callable
    from dataclasses import MISSING, FrozenInstanceError, dataclass, fields
    from operator import attrgetter
    from typing import Any

    def record(*, frozen: bool, slots: bool) -> Callable[[type], type]:
        """A decorator for a class whose fields never change; both arguments are true, for type checkers to read."""
        assert frozen and slots
        return _made

    def _made(cls: type) -> type:
        cls.__doc__ = cls.__doc__ or cls.__name__  # or the standard decorator would write a signature, which is slow
        made = dataclass(init=False, repr=False, eq=False, slots=True)(cls)
        declared = fields(made)
        compared = _getter([declaration.name for declaration in declared if declaration.compare])
        values = _getter([declaration.name for declaration in declared])
        shown = [declaration.name for declaration in declared if declaration.repr]

        def init_first(self: Any, *arguments: Any, **named: Any) -> None:
            made.__init__ = _init(made)
            made.__init__(self, *arguments, **named)

        def equals(self: Any, other: object) -> Any:
            return compared(self) == compared(other) if other.__class__ is self.__class__ else NotImplemented

        def hashed(self: Any) -> int:
            return hash(compared(self))

        def written(self: Any) -> str:
            return f"{type(self).__qualname__}({', '.join(f'{name}={getattr(self, name)!r}' for name in shown)})"

        def reduced(self: Any) -> tuple[type, tuple[Any, ...]]:
            return type(self), values(self)

        methods = {"__init__": init_first, "__eq__": equals, "__hash__": hashed, "__repr__": written}
        methods |= {"__reduce__": reduced, "__setattr__": _refuse_to_set, "__delattr__": _refuse_to_delete}
        for name, method in methods.items():
            if cls.__dict__.get(name) is None:
                setattr(made, name, method)
        return made

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


__all__ = ["record"]
