"""Child processes with hard limits, for work on hostile bytes: a document can cost a process, nothing more."""
