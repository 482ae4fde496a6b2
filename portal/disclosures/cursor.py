"""Where a list goes on: an opaque token for the address, made of a moment and a reference, never of a sequence number."""

import base64
import binascii
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from portal.core.ids import is_ref

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICRO = timedelta(microseconds=1)


@dataclass(frozen=True)
class Cursor:
    """Below this (moment, item) the next page begins."""

    at: datetime
    ref: str

    @property
    def token(self) -> str:
        """URL-safe text."""
        text = f"{(self.at - _EPOCH) // _MICRO}.{self.ref}"
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def parse(token: str | None) -> Cursor | None:
    """The cursor of a token; None for none and for anything that is not one (the list then begins at its start)."""
    if not token or len(token) > 80 or not token.isascii():
        return None
    try:
        micros, _, ref = base64.b64decode(token + "=" * (-len(token) % 4), b"-_", validate=True).decode().partition(".")
        return Cursor(_EPOCH + int(micros) * _MICRO, ref) if is_ref(ref) else None
    except (binascii.Error, ValueError, OverflowError):
        return None
