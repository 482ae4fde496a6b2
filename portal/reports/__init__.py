"""Periodic reports: typed or loaded statements, checked, exported as inline XBRL in a report package, validated offline, filed."""
