"""Jobs of the log."""

from typing import Any

from portal.core.jobs import Job
from portal.evidence.sealing import seal


def run_seal(context: Any) -> None:
    """Seal what waits; procrastinate's periodic call, every minute."""
    seal(context.database, context.settings)


JOBS = (Job("evidence.seal", run_seal, every="* * * * *"),)
