"""The report: values, the table that folds checks to answers, and its forms (text, JSON, HTML)."""

from eseal.report.model import (
    Answer,
    Answers,
    Check,
    CheckVerdict,
    Indication,
    Level,
    Report,
    SignatureReport,
    SignerView,
    SubIndication,
    TimeSource,
    Verdict,
)

__all__ = [
    "Answer",
    "Answers",
    "Check",
    "CheckVerdict",
    "Indication",
    "Level",
    "Report",
    "SignatureReport",
    "SignerView",
    "SubIndication",
    "TimeSource",
    "Verdict",
]
