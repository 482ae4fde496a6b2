"""The five domain errors. They are turned into pages, fragments or problem+json once, in `portal/web/errors.py`."""

from collections.abc import Mapping


class PortalError(Exception):
    """A refusal the reader can understand; `text` is a Chinese sentence with the fact and the next step."""

    def __init__(self, text: str = "") -> None:
        super().__init__(text)
        self.text = text


class NotFound(PortalError):
    """Absent, or not readable by this actor: the two are never told apart (DESIGN rule 2)."""


class NotAllowed(PortalError):
    """Readable, but this actor may not do that."""


class Conflict(PortalError):
    """The world has moved on: already decided, already full, changed by somebody else."""


class Expired(PortalError):
    """The period within which this could be done has ended."""


class Invalid(PortalError):
    """Input that breaks a rule; `fields` gives each field's sentence, `text` what concerns the whole."""

    def __init__(self, text: str = "", fields: Mapping[str, str] | None = None) -> None:
        super().__init__(text or "；".join((fields or {}).values()))
        self.fields = dict(fields or {})
