"""Keeps the view `{{name}}`: a row for each id, with its title."""

from dataclasses import dataclass
from typing import Optional

from annals import About, Projector, export


@dataclass
class {{Event}}:
    id: str
    title: str


@dataclass
class Row:
    id: str
    title: str
    since: int


class {{Name}}(Projector[Row]):
    name = "{{name}}"
    view = "{{name}}"
    events = [{{Event}}]
    row = Row

    def touches(self, event: {{Event}}, about: About) -> list[str]:
        return [event.id]

    def fold(self, row: Optional[Row], key: str, event: {{Event}}, about: About) -> Optional[Row]:
        # `None` is no row: there was none yet, there is none from now on.
        return Row(key, event.title, about.recorded_at)


export({{Name}})
