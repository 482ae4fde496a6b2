"""OAuth2 data interface. Still empty of features."""
