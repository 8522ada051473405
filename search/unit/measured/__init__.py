"""The final measurement of a unit's designs: on many chips, under draws of prices, aged, and on solved wires; rows of tables.

Nothing is searched here, and nothing is changed but what the journal holds.
"""
