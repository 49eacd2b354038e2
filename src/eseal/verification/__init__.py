"""The one read pipeline."""

from eseal.verification.pipeline import verify

__all__ = ["verify"]
