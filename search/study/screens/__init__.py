"""Showing how far a study is: a live table on a terminal, plain lines or JSON lines elsewhere.

Screens are told and decide nothing; what they show is gone when the study ends, unlike the store.
"""
