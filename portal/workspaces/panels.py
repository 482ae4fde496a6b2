"""The start page's place for panels."""

from portal.web.panels import Place

HOME = Place()  # makers take (db, actor)
