"""What the verifier trusts, as a value."""
