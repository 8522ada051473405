"""Commands that help to write configs: a first one, the keys and parameters there are, and whether what is written can be run.

None of them runs a study.
"""
