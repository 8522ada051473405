"""Config files as text: YAML read within limits, bases merged in, values replaced, and every mistake told with the place where it stands.

What the keys mean is not known here: the models of a config are given.
"""
