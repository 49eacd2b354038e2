"""One package per format; no trust, no archive."""
