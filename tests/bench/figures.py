"""A figure as `make bench` prints it, and the bench's own database server in `var/bench`."""

import json
import secrets
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from sqlalchemy import create_engine

from portal.config import ROOT, Settings
from portal.core.connect import Urls, libpq
from portal.core.embedded import running
from portal.core.roles import ensure_database, ensure_roles
from portal.migrations.run import current, head, upgrade

VAR = ROOT / "var" / "bench"
QUICK = {"fsync": "off", "synchronous_commit": "off"}


def figure(name: str, value: float, unit: str, floor: float, n: int, *, ratio: float | None = None, **more: object) -> None:
    """Print one line; `ratio` is ours ÷ floor, smaller is better."""
    line = {
        "bench": name, "value": round(value, 4), "unit": unit, "floor": round(floor, 4),
        "ratio": round(ratio if ratio is not None else value / floor, 3), "n": n, **more,
    }  # fmt: skip
    print(json.dumps(line, ensure_ascii=False), flush=True)


def milliseconds(call: Callable[[], object], times: int, warm: int = 3) -> list[float]:
    """Durations of `times` calls after `warm` uncounted ones, sorted."""
    for _ in range(warm):
        call()
    took = []
    for _ in range(times):
        start = time.perf_counter()
        call()
        took.append((time.perf_counter() - start) * 1e3)
    return sorted(took)


def p50(values: list[float]) -> float:
    return statistics.median(values)


def p95(values: list[float]) -> float:
    return values[min(len(values) - 1, int(len(values) * 0.95))]


@contextmanager
def bench_database(name: str) -> Iterator[tuple[Urls, bool]]:
    """A migrated database of the bench's own, kept between runs, and whether it is new (or was of an older schema)."""
    VAR.mkdir(parents=True, exist_ok=True)
    with running(VAR / "postgres", settings=QUICK) as server:
        with psycopg.connect(libpq(server.url("postgres", "postgres")), autocommit=True) as admin:
            ensure_roles(admin)
            if not _is_current(server.url("portal_owner", name)):
                admin.execute(f'drop database if exists "{name}" with (force)')
            fresh = ensure_database(admin, name)
        urls = Urls(*(server.url(role, name) for role in ("portal_app", "portal_system", "portal_owner", "postgres")))
        if fresh:
            owner = create_engine(urls.owner or "")
            upgrade(owner)
            owner.dispose()
        yield urls, fresh


def _is_current(url: str) -> bool:
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            return current(connection) == head()
    except Exception:
        return False
    finally:
        engine.dispose()


def bench_settings(folder: Path) -> Settings:
    """Settings of a bench run: secrets of its own, nothing from the environment's files."""
    return Settings(
        _env_file=None,  # type: ignore[call-arg]
        portal_secret_key=secrets.token_hex(32), portal_password_salt=secrets.token_hex(32),
        portal_master_key=secrets.token_hex(32), portal_seal_key=secrets.token_hex(32), portal_var=folder, portal_demo=True,
    )  # fmt: skip
