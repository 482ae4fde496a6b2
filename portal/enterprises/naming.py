"""What the log calls sections of a profile: titles of those this reader may read today."""

from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.access.actor import Actor
from portal.enterprises.labels import SECTIONS
from portal.enterprises.models import Enterprise, ProfileSection, SectionKey
from portal.enterprises.policy import section_readable
from portal.evidence.naming import Named


def sections(db: Session, actor: Actor, refs: Sequence[str]) -> Mapping[str, Named]:
    """Title, and the enterprise's page, of each readable section among `refs`."""
    found = (
        select(ProfileSection.ref, ProfileSection.key, Enterprise.uscc)
        .join(Enterprise, Enterprise.id == ProfileSection.enterprise_id)
        .where(ProfileSection.ref.in_(refs), section_readable(actor))
    )
    return {ref: Named(SECTIONS[SectionKey(key)], f"/enterprises/{uscc}") for ref, key, uscc in db.execute(found)}
