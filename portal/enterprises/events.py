"""News of the enterprise database for the features above it."""

from dataclasses import dataclass

from portal.core.events import Event


@dataclass(frozen=True)
class EnterprisesChanged(Event):
    """Enterprises were added or what others derive from them changed; `ids` None means all of them.

    `bulk` marks an import, whose many changes are better learnt in one go.
    """

    ids: tuple[int, ...] | None
    bulk: bool = False
