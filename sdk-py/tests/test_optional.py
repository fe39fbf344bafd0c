import unittest
from dataclasses import dataclass, field
from typing import Optional

from support import annals, decide, payload


@dataclass
class Tell:
    id: str
    note: Optional[str]
    tags: Optional[list[Optional[str]]] = None
    prices: Optional[dict[str, Optional[bool]]] = None


@dataclass
class Refuse:
    id: str


@dataclass
class Told(Tell):
    pass


class Telling(annals.Decider):
    """Answers with the fields of its command."""

    category = "telling"
    commands = [Tell, Refuse]
    events = [Told]

    def initial(self):
        return 0

    def stream_id(self, command):
        return command.id

    def evolve(self, state, event):
        return state + 1

    def decide(self, state, command, context):
        if isinstance(command, Refuse):
            raise annals.Rejected("no", None, None)
        return Told(command.id, command.note, command.tags, command.prices)


class OptionalTest(unittest.TestCase):
    def test_null_is_as_good_as_absent_in_a_field_and_keeps_its_place_among_others(self):
        for given, written in {
            '{"id":"1"}': '{"id":"1"}',
            '{"id":"1","note":null,"tags":null}': '{"id":"1"}',
            '{"id":"1","note":"n","tags":["a",null]}': '{"id":"1","note":"n","tags":["a",null]}',
            '{"id":"1","prices":{"a":true,"b":null}}': '{"id":"1","prices":{"a":true,"b":null}}',
        }.items():
            self.assertEqual(payload(decide(Telling, [], "Tell", given)), written)

    def test_a_rejection_of_nothing_but_a_code_has_the_code_in_words_and_no_details(self):
        with self.assertRaises(Exception) as refused:
            decide(Telling, [], "Refuse", '{"id":"1"}')
        self.assertEqual(refused.exception.args[0].given[0].given[1:], ("no", None))

    def test_an_optional_field_has_no_other_default_than_none(self):
        """With another one, null and absent would be two things."""
        for default in ("x", field(default_factory=list)):
            bad = dataclass(type("Bad", (), {"__annotations__": {"a": Optional[str]}, "a": default}))
            with self.assertRaisesRegex(TypeError, "Bad.a: an Optional field has the default None or none"):
                annals._object(bad)
