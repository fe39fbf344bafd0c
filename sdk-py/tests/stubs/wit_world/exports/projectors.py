"""In place of the types of the interface `projectors`."""

from ..records import records

__getattr__ = records()
