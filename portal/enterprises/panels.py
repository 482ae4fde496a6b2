"""The enterprise page's place for panels of higher features; each decides by its own policy what this actor may see."""

from portal.web.panels import Place

PAGE = Place()  # makers take (db, actor, enterprise)
