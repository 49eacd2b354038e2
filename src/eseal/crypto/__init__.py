"""Algorithms, certificates and CMS as values over bytes; no trust decisions."""
