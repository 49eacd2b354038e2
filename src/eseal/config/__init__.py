"""Configuration: what an authority is made of (`eseal.toml`), and settings from five places with a fixed order."""

from __future__ import annotations

from eseal.config.authority import AuthorityConfig, IssuerEntry, KeyEntry, TimestamperEntry
from eseal.config.settings import SETTINGS, Layer, Resolved, layers, resolve, user_file

__all__ = [
    "SETTINGS",
    "AuthorityConfig",
    "IssuerEntry",
    "KeyEntry",
    "Layer",
    "Resolved",
    "TimestamperEntry",
    "layers",
    "resolve",
    "user_file",
]
