"""Where weights start from, as far as a config tells: what can be converted, weights that a study has stored, what a start costs.

Nothing is trained here; that is for `search.joint.conversion` and `search.unit.start`.
"""
