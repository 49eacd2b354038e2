"""PDF: the one door to pyHanko's reader and writer."""
