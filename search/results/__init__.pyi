from .publish import republish as republish
from .recommend import sentence as sentence
from .view import View as View
