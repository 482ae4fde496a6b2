"""A command's process: its database up for the length of the command, and faults of the surroundings as one sentence."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import OperationalError

from portal.config import Settings
from portal.core.connect import database_urls
from portal.core.context import Context
from portal.core.embedded import EmbeddedError


class Unavailable(SystemExit):
    """The command cannot be done now; its sentence has been printed and the exit status is 2."""

    def __init__(self, sentence: str) -> None:
        print(sentence, file=sys.stderr)
        super().__init__(2)


@contextmanager
def process(settings: Settings) -> Iterator[Context]:
    """The context of this process. Raises Unavailable when the database is not to be had."""
    try:
        with database_urls(settings) as urls:
            context = Context(settings=settings, urls=urls, database=urls.database())
            try:
                yield context
            finally:
                context.database.dispose()
    except EmbeddedError as error:
        raise Unavailable(str(error)) from None
    except OperationalError as error:
        first = str(error.orig).strip().splitlines()[0]
        raise Unavailable(f"连不上数据库：{first}。看它是否在运行，DATABASE_URL 是否正确。") from None
