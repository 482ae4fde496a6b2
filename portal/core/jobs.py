"""Jobs: enqueued in the transaction of their cause through procrastinate's SQL function, run by `portal worker`.

A job never carries a reader's rights: one made for a person loads that person's principals when it runs.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

_DEFER = text(
    "select procrastinate.procrastinate_defer_jobs_v1(array[("
    "'default', :task, 0, :lock, null, cast(:args as jsonb), cast(null as timestamptz)"
    ")::procrastinate.procrastinate_job_to_defer_v1])"
)


@dataclass(frozen=True)
class Job:
    """A named piece of work: `run(context, **args)` with the process's Context; `every` is a cron line for periodic ones."""

    name: str
    run: Callable[..., None]
    every: str | None = None
    attempts: int = 5


def enqueue(db: Session, name: str, *, lock: str | None = None, **args: Any) -> None:
    """Put job `name` on the queue with this transaction: it exists if and only if the transaction commits.

    Jobs with the same `lock` run one after another, in order.
    """
    db.execute(_DEFER, {"task": name, "lock": lock, "args": json.dumps(args)})
