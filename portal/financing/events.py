"""What financing tells the features above it."""

from dataclasses import dataclass

from portal.core.events import Event


@dataclass(frozen=True)
class ProductChanged(Event):
    """A credit product was written, changed, opened or closed."""

    product_id: int


@dataclass(frozen=True)
class ApplicationSubmitted(Event):
    """An enterprise applied; `lender` and `owner` are the two parties' principals."""

    application_id: int
    ref: str
    lender: int
    owner: int


@dataclass(frozen=True)
class ApplicationEnded(Event):
    """An application was accepted, declined or withdrawn (`state`)."""

    application_id: int
    ref: str
    lender: int
    owner: int
    state: str
