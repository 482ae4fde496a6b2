"""Bounded paging: page numbers from an address are hostile until cut to size."""

from dataclasses import dataclass

PAGE_SIZE = 25
DEEPEST = 400  # pages beyond are never useful to a reader and cost the engine


@dataclass(frozen=True)
class Page:
    """One page of a list: `number` from 1, `size` rows, `total` exact or None where it may not be counted."""

    number: int
    size: int
    total: int | None

    @property
    def offset(self) -> int:
        return (self.number - 1) * self.size

    @property
    def last(self) -> int:
        """Number of the last page that can be asked for, at least 1."""
        return max(1, min(DEEPEST, -(-(self.total or 0) // self.size)))


def page_number(text: str | None) -> int:
    """The page asked for: anything but a plain number in 1..DEEPEST becomes the nearest that is."""
    if not text or not text.isascii() or not text.isdigit():
        return 1
    return min(DEEPEST, max(1, int(text[:9])))
