"""What was learnt of keys before. Bounded: what was not asked for the longest goes first."""

from collections import OrderedDict
from typing import Generic, TypeVar

T = TypeVar("T")


class RecentlyUsed(Generic[T]):
    def __init__(self, size: int) -> None:
        self._size = size
        self._values: OrderedDict[bytes, T] = OrderedDict()

    def get(self, name: bytes) -> T | None:
        if name in self._values:
            self._values.move_to_end(name)
        return self._values.get(name)

    def set(self, name: bytes, value: T) -> None:
        self._values[name] = value
        self._values.move_to_end(name)
        if len(self._values) > self._size:
            self._values.popitem(last=False)

    def delete(self, name: bytes) -> None:
        self._values.pop(name, None)
