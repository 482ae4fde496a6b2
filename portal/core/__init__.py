"""Ground every feature stands on: database sessions, ids, clock, money, paging, files, jobs, errors. No domain words."""
