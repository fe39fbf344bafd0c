"""Decides on commands, from what happened before."""

from dataclasses import dataclass
from typing import Optional, Union

from annals import Context, Decider, Rejected, export

# What may be asked.


@dataclass
class Create{{Name}}:
    id: str
    title: str


@dataclass
class Rename{{Name}}:
    id: str
    title: str


# What happened.


@dataclass
class {{Name}}Created:
    id: str
    title: str


@dataclass
class {{Name}}Renamed:
    id: str
    title: str


class {{Name}}Decider(Decider[Optional[str]]):
    """The state is what a decision needs to know of the past: the title, if there is one."""

    name = "{{name}}"
    category = "{{snake}}"
    commands = [Create{{Name}}, Rename{{Name}}]
    events = [{{Name}}Created, {{Name}}Renamed]

    def initial(self) -> Optional[str]:
        return None

    def stream_id(self, command: Union[Create{{Name}}, Rename{{Name}}]) -> str:
        return command.id

    def evolve(self, state: Optional[str], event: Union[{{Name}}Created, {{Name}}Renamed]) -> Optional[str]:
        return event.title

    def decide(self, state: Optional[str], command: Union[Create{{Name}}, Rename{{Name}}], context: Context):
        match command:
            case Create{{Name}}(id, title):
                if state is not None:
                    raise Rejected("{{name}}-exists", f"{id} exists", {"id": id})
                if not title.strip():
                    raise Rejected("title-empty")
                return {{Name}}Created(id, title)
            case Rename{{Name}}(id, title):
                if state is None:
                    raise Rejected("{{name}}-not-created")
                if not title.strip():
                    raise Rejected("title-empty")
                if title == state:
                    return None
                return {{Name}}Renamed(id, title)


export({{Name}}Decider)
