"""Data sets and encoders."""
