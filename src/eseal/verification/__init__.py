"""The one read pipeline."""
