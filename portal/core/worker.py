"""Runs queued jobs: procrastinate's worker over the jobs the features registered. Any number may run on any machine."""

import asyncio
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import procrastinate
import structlog
from procrastinate import PsycopgConnector, RetryStrategy

from portal.core.connect import libpq
from portal.core.context import Context
from portal.core.db import SEARCH_PATH
from portal.core.jobs import Job

log = structlog.get_logger()


def queue_app(context: Context, jobs: Iterable[Job]) -> procrastinate.App:
    """Procrastinate's application with every job as a task of its own name, retried with growing pauses."""
    connector = PsycopgConnector(
        conninfo=libpq(context.urls.app), min_size=1, max_size=4, kwargs={"options": f"-c search_path={SEARCH_PATH}"}
    )
    app = procrastinate.App(connector=connector)
    for job in jobs:
        task = app.task(
            name=job.name,
            retry=RetryStrategy(max_attempts=job.attempts, exponential_wait=3),
            queueing_lock=job.name if job.every else None,
        )(_runner(context, job))
        if job.every:
            app.periodic(cron=job.every)(task)
    return app


def _runner(context: Context, job: Job) -> Callable[..., None]:
    def run(timestamp: int | None = None, **arguments: Any) -> None:
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(job=job.name)
        try:
            job.run(context, **arguments)
        except Exception as error:
            # The kind alone: a message may hold content.
            log.error("job.failed", kind=type(error).__name__)
            raise

    run.__name__ = job.name.replace(".", "_")
    return run


async def work(app: procrastinate.App, *, wait: bool = True, signals: bool = True, concurrency: int = 1) -> None:
    """Work until stopped (`wait`), or until the queue is empty; finished jobs are deleted, failed ones are kept."""
    async with app.open_async():
        await app.run_worker_async(
            wait=wait, concurrency=concurrency, delete_jobs="successful", install_signal_handlers=signals,
            listen_notify=wait, fetch_job_polling_interval=5, shutdown_graceful_timeout=10,
        )  # fmt: skip


def run_pending(context: Context, jobs: Iterable[Job]) -> None:
    """Run what waits now and return; in a thread, because the caller's own may have a running event loop already."""
    with ThreadPoolExecutor(max_workers=1) as thread:
        thread.submit(lambda: asyncio.run(work(queue_app(context, jobs), wait=False, signals=False))).result()


def start_thread(context: Context, jobs: Iterable[Job]) -> threading.Thread:
    """A worker in a daemon thread, for a portal that is one process (`portal demo`)."""
    app = queue_app(context, jobs)
    thread = threading.Thread(target=lambda: asyncio.run(work(app, signals=False)), name="worker", daemon=True)
    thread.start()
    return thread
