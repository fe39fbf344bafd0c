import json
import unittest
from dataclasses import dataclass, field, make_dataclass
from typing import Annotated, Optional

from support import annals, decide

tag = annals.tag


@dataclass
class Told:
    account: Annotated[str, tag]
    number: Annotated[Optional[int], tag("no")] = None
    paid: Annotated[Optional[bool], tag] = None
    guests: Annotated[list[str], tag("guest")] = field(default_factory=list)
    amount: int = 0


@dataclass
class Tell(Told):
    """In a command a mark means nothing."""


class Telling(annals.Decider):
    category = "telling"
    commands = [Tell]
    events = [Told]

    def initial(self):
        return 0

    def stream_id(self, command):
        return "1"

    def evolve(self, state, event):
        return state

    def decide(self, state, command, context):
        return Told(command.account, command.number, command.paid, command.guests, command.amount)


def tags(data):
    [event] = decide(Telling, [], "Tell", json.dumps(data)).given[0]
    return event.given[4]


class TagsTest(unittest.TestCase):
    def test_each_value_of_a_marked_field_is_a_tag_in_the_order_of_the_fields(self):
        self.assertEqual(tags({"account": "42", "amount": 7}), ["account:42"])
        self.assertEqual(
            tags({"guests": ["Ada", "Bob"], "paid": False, "number": 9, "account": "a:b"}),
            ["account:a:b", "no:9", "paid:false", "guest:Ada", "guest:Bob"],
        )

    def test_what_cannot_be_a_tag_does_not_build(self):
        inner = make_dataclass("Inner", [("a", Annotated[str, tag])])
        for hint, message in [
            (Annotated[float, tag], "Bad.a: `tag` marks a str, a bool, an int, or a list of them"),
            (Annotated[dict[str, str], tag], "Bad.a: `tag` marks a str"),
            (Annotated[list[list[str]], tag], "Bad.a: `tag` marks a str"),
            (list[Annotated[str, tag]], "Bad.a: `tag` marks a field of an event, not what is within a field"),
            (Optional[Annotated[str, tag]], "not what is within a field"),
            (list[inner], "not what is within a field"),
            (Annotated[str, tag("a:b")], "Bad.a: the name of a tag has at least one character, and no `:` or space"),
            (Annotated[str, tag("")], "the name of a tag has at least one character"),
        ]:
            bad = make_dataclass("Bad", [("a", hint)])
            with self.assertRaisesRegex(TypeError, message):
                annals._Types("events", [bad])
            annals._Types("commands", [bad])
