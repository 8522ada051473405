"""The literature's own cost models, reproduced exactly, known defects included."""
