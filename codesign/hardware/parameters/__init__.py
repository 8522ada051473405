"""How chips hold their design parameters: float leaves, one value or one per layer, shares of options.

No chip is described here, and what values a search may take is in `codesign.parameters`.
"""
