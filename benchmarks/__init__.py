"""Speed and memory, never asserted in a test."""
