"""Where units run: in this process, in others of this machine, or on a Ray cluster; the same seed gives the same designs in all.

Engines carry units out and results back. They write nothing and know nothing of what a unit does.
"""
