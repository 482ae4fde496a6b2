"""The job that teaches the index, and a sweep for what a failed one left behind."""

from portal.core.context import Context
from portal.core.jobs import Job
from portal.screening.services import REFRESH, rebuild, refresh
from search.errors import IndexUnusable


def run_refresh(context: Context) -> None:
    engine = context.parts["search"]
    try:
        refresh(context.database, engine)
    except IndexUnusable:
        rebuild(context.database, engine)


JOBS = (Job(REFRESH, run_refresh), Job("search.sweep", run_refresh, every="*/5 * * * *"))
