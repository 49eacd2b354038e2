"""An authority's timestampers for one seal: what failed before another one succeeded is told, not lost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from eseal.errors import ServiceError
from eseal.model import Note
from eseal.sealing import Services
from eseal.timestamps import FallbackTimestamper


def watched(services: Services) -> tuple[Services, list[ServiceError]]:
    """The same services for one seal, and the list that fills with the errors of timestampers passed over."""
    failures: list[ServiceError] = []
    if isinstance(services.timestamper, FallbackTimestamper):
        services = replace(services, timestamper=services.timestamper.telling(failures.append))
    return services, failures


def notes_of(failures: Sequence[ServiceError]) -> tuple[Note, ...]:
    """A note of each failure and its reason, each once."""
    told = dict.fromkeys((f.code, tuple(f.params.items())) for f in failures)
    notes = [Note(code, dict(params)) for code, params in told]
    return (Note("TIMESTAMPERS_PASSED_OVER", {"count": str(len(notes))}), *notes) if notes else ()
