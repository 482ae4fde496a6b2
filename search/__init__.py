"""Finding by text, filter and order: one `Engine` protocol, two engines, one analysis of Chinese.

The index finds, the database decides: an engine answers with ids and counts, the caller re-selects the rows under its own
policy. Every question carries the asking actor's principals and every document the principals that may find it; without
principals nothing is found. Nouns: a *document* is one findable thing, a *gram* one of its coded terms, a *plan* what a typed
line asks for, a *tier* a class of goodness (whole name, beginning of the name, the whole text in the name, all words in the
name, the rest). Within a tier shorter names come first; every order ends in the id, and none depends on another document.

    protocol, settings, errors     values, the one field table, typed errors
    analysis, plan, highlight      text to grams, typed line to plan, places to mark
    tantivy_*                      the engine in a folder: TantivyEngine(folder)
    meilisearch_*                  the engine on a server: MeilisearchEngine(url, key, uid)

A rebuild holds off other writers of the folder engine; on the server engine a change made during a rebuild goes to the old
index, so the caller sends again what changed since the rebuild began.
"""
