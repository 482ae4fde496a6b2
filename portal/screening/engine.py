"""Which engine: Meilisearch where the settings name one, else the in-process index in `var/`."""

from portal.config import MissingSetting, Settings
from search.meilisearch_engine import MeilisearchEngine
from search.protocol import Engine
from search.tantivy_engine import TantivyEngine

INDEX = "enterprises"


def make_engine(settings: Settings) -> Engine:
    """The engine of this installation. Raises MissingSetting for MEILI_URL without MEILI_KEY."""
    if settings.meili_url:
        if not settings.meili_key:
            raise MissingSetting("设置了 MEILI_URL，还要 MEILI_KEY。")
        return MeilisearchEngine(settings.meili_url, settings.meili_key, INDEX)
    return TantivyEngine(settings.portal_var / "search")
