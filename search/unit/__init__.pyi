from .measured.prices import DrawnPrices as DrawnPrices
from .work import UnitWork as UnitWork
