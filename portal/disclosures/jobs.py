"""Work done after the commit: erasing the stored files of what was discarded."""

from portal.core.context import Context
from portal.core.jobs import Job
from portal.disclosures.drafts import ERASE_FILE


def erase_file(context: Context, key: str) -> None:
    """Remove a stored object nobody refers to any more; StoreUnavailable lets the queue try again."""
    context.store.delete(key)


JOBS = (Job(ERASE_FILE, erase_file),)
