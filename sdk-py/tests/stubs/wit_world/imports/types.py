"""In place of the contract's types."""

from types import SimpleNamespace

from ..records import records

StartFrom = SimpleNamespace(ORIGIN="origin", NOW="now")
__getattr__ = records()
