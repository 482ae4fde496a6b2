"""What roadshows tell the features above them."""

from dataclasses import dataclass

from portal.core.events import Event


@dataclass(frozen=True)
class RoadshowChanged(Event):
    """A roadshow was opened, changed, closed or cancelled; `sequence` is what its calendar entry now carries."""

    roadshow_id: int
    state: str
    sequence: int


@dataclass(frozen=True)
class RegistrationMade(Event):
    """A person took a seat for an organisation."""

    roadshow_id: int
    registration_id: int
    person_id: int
    organisation_id: int


@dataclass(frozen=True)
class RegistrationCancelled(Event):
    """A person gave a seat back."""

    roadshow_id: int
    registration_id: int
    person_id: int
    organisation_id: int
