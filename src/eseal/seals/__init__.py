"""Seals: their pictures, their data, their register."""
