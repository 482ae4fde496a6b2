"""What a process has in hand: settings, the database, the file store and the search engine. Jobs and commands are given it."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from portal.config import Settings
from portal.core.connect import Urls
from portal.core.db import Database
from portal.core.storage import Store


@dataclass
class Context:
    """Made once per process; the store opens at its first use."""

    settings: Settings
    urls: Urls
    database: Database
    parts: dict[str, Any] = field(default_factory=dict)

    @cached_property
    def store(self) -> Store:
        return Store(self.settings)
