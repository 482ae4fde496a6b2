"""What higher features may want to know of disclosures."""

from dataclasses import dataclass

from portal.core.events import Event


@dataclass(frozen=True)
class DisclosurePublished(Event):
    """An item was given to its first addressees (`principals`)."""

    disclosure_id: int
    ref: str
    enterprise_id: int
    owner: int
    principals: tuple[int, ...]


@dataclass(frozen=True)
class DisclosureShared(Event):
    """A published item was given to further addressees."""

    disclosure_id: int
    ref: str
    enterprise_id: int
    owner: int
    principals: tuple[int, ...]


@dataclass(frozen=True)
class DisclosureWithdrawn(Event):
    """A published item was taken back from everybody."""

    disclosure_id: int
    ref: str
    enterprise_id: int
    owner: int
