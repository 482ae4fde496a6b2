"""What accounts tells the features above it."""

from dataclasses import dataclass

from portal.core.events import Event


@dataclass(frozen=True)
class MailWanted(Event):
    """A mail has to go out with this transaction: plain text to one address."""

    to: str
    subject: str
    text: str
