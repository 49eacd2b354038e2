"""RFC 3161 timestamps: asks for them, reads answers, falls back, and makes them. Nothing here decides about trust."""

from __future__ import annotations

from eseal.timestamps.clients import FallbackTimestamper, HttpTimestamper
from eseal.timestamps.local import LocalTimestamper
from eseal.timestamps.protocol import Token, read_response, read_token, request

__all__ = [
    "FallbackTimestamper",
    "HttpTimestamper",
    "LocalTimestamper",
    "Token",
    "read_response",
    "read_token",
    "request",
]
