"""The result folder: one SQLite file is the truth, everything else in it is an export that can be made again.

Every write is atomic (a transaction, or a temporary file that is renamed), so a killed process, a full disk or a pulled plug loses at
most the step that was being written. What rows mean is not known here.
"""
