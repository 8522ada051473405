"""The command line, a file for each command.

Commands read options, call the rooms below and print; imported by nothing, so that no library code comes to depend on them.
"""
