"""The twelve bases on which a piece of information may reach a reader (DESIGN rule 1; 《指导意见》(七) 非必要不披露)."""

from enum import StrEnum


class Basis(StrEnum):
    """No basis, no reader: each grant names one of these."""

    OWN = "own"  # the enterprise's own people, drafts too
    PUBLIC = "public"  # register facts, and what a rule makes public
    WILL = "will"  # the enterprise chose this audience freely
    DUTY = "duty"  # an investor agreement or a rule obliges it
    REQUEST = "request"  # an accepted access request
    MEETING = "meeting"  # an accepted one-to-one, time-boxed
    EVENT = "event"  # participants of an event, time-boxed
    APPLICATION = "application"  # a loan application to that bank, while open
    PARTY = "party"  # guarantor or consortium member joined to it
    REVIEW = "review"  # a named reviewer, this version, until decided
    CONSENT = "consent"  # 企业授权 for a broker or an API client
    RULE = "rule"  # a supervisor's right, purpose recorded


# What an enterprise may choose by itself when it publishes; the others come out of a process of their own.
CHOSEN_BY_ENTERPRISE = (Basis.WILL, Basis.DUTY)
