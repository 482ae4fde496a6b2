"""The edge: one session, one actor and one commit per request; guards, error pages, headers, fragments, form base, health."""
