"""Judges a CMS signature whatever document it came from: certificate, path, revocation, times, algorithms."""
