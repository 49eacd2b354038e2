"""Keys behind URIs: files now, tokens and services as extras."""
