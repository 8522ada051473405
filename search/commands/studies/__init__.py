"""Commands that run configs: `run`, `sweep`, `compare`.

They read a config, open its folder, choose an engine and print how it ended. What a study does is in `search.study` and `search.unit`.
"""
