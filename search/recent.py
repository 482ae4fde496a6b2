"""A small memory of what was asked last: answers stay true as long as the state they are kept under."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Value = TypeVar("Value")


class Recent(Generic[Value]):
    """The `most` answers used last, by key; safe to share between threads, which may at worst work one out twice."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._known: OrderedDict[Hashable, Value] = OrderedDict()
        self._guard = threading.Lock()

    def get(self, key: Hashable, make: Callable[[], Value]) -> Value:
        """What is known under `key`, else what `make` gives; a failure is not remembered."""
        with self._guard:
            if key in self._known:
                self._known.move_to_end(key)
                return self._known[key]
        made = make()
        with self._guard:
            self._known[key] = made
            while len(self._known) > self.most:
                self._known.popitem(last=False)
        return made
