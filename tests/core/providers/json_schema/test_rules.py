"""Each rule alone: what goes in, what comes out."""

from __future__ import annotations

import copy
import logging
from typing import Any

import pytest

from partwise.provider import SchemaProfile, is_simple_pattern, transform

from .profiles import ANY, CLOSED, FLAT, OPEN


def one(node: dict[str, Any], profile: SchemaProfile, **definitions: Any) -> Any:
    """What becomes of a node that is the only, required property of an object."""
    schema = {"type": "object", "properties": {"x": node}, "required": ["x"], "$defs": definitions}
    result = transform(schema, profile)
    assert result.strict
    return result.schema["properties"]["x"]


def refused(node: dict[str, Any], profile: SchemaProfile, **definitions: Any) -> dict[str, Any]:
    schema = {"type": "object", "properties": {"x": node}, "required": ["x"], "$defs": definitions}
    result = transform(schema, profile)
    assert not result.strict
    return result.schema


# Objects


def test_every_object_with_properties_is_closed() -> None:
    inner = {"type": "object", "properties": {"y": {"type": "null"}}, "required": ["y"]}
    assert one(inner, CLOSED) == {**inner, "additionalProperties": False}
    assert one(inner, OPEN) == inner


def test_an_empty_model_is_a_closed_object() -> None:
    empty = {"type": "object", "properties": {}}
    assert one(empty, FLAT) == {**empty, "additionalProperties": False}
    assert one(empty, CLOSED) == {**empty, "additionalProperties": False, "required": []}


def test_all_properties_become_required_and_the_optional_ones_say_so() -> None:
    properties: dict[str, Any] = {
        "a": {"type": "string"},
        "b": {"type": "integer", "default": 3, "description": "How many."},
        "c": {"anyOf": [{"type": "string"}, {"type": "null"}], "default": None},
        "e": {"const": "e", "type": "string", "default": "e"},
        "d": {"type": "array", "items": {"type": "string"}},
    }
    node = {"type": "object", "properties": properties, "required": ["a"]}
    result = one(node, CLOSED)
    assert result["required"] == ["a", "b", "c", "e", "d"]
    assert result["properties"] == {
        "a": {"type": "string"},
        "b": {"type": "integer", "description": "How many.\nDefault: 3"},
        "c": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        "e": {"enum": ["e"], "type": "string"},
        "d": {"type": "array", "items": {"type": "string"}, "description": "Optional"},
    }


def test_optional_properties_stay_optional_where_they_may() -> None:
    node = {
        "type": "object",
        "properties": {"a": {"type": "integer", "default": 3}},
        "additionalProperties": False,
    }
    assert one(node, FLAT) == node


def test_a_default_that_json_has_no_word_for_is_told_and_not_sent() -> None:
    node = {"type": "number", "default": float("inf")}
    assert one(node, FLAT) == {"type": "number", "description": "Default: Infinity"}


def test_the_default_of_a_constant_goes_without_saying() -> None:
    profile = SchemaProfile(name="constants", keywords=frozenset({"const"}))
    assert one({"const": "a", "default": "a"}, profile) == {"const": "a"}
    assert one({"const": "a", "default": "b"}, profile)["description"] == "Default: b"


# Choices


def test_one_of_becomes_any_of_and_the_discriminator_goes() -> None:
    node = {
        "oneOf": [{"$ref": "#/$defs/A"}, {"$ref": "#/$defs/B"}],
        "discriminator": {"propertyName": "kind", "mapping": {"a": "#/$defs/A"}},
    }
    definitions = {name: {"type": "string"} for name in "AB"}
    assert one(node, CLOSED, **definitions) == {"anyOf": node["oneOf"]}


def test_the_tag_of_a_union_becomes_required_in_each_member() -> None:
    def member(tag: str) -> dict[str, Any]:
        kind = {"type": "string", "const": tag, "default": tag}
        return {"type": "object", "properties": {"kind": kind}, "additionalProperties": False}

    union = {
        "discriminator": {"propertyName": "kind"},
        "oneOf": [
            {"$ref": "#/$defs/A"},
            {"oneOf": [{"$ref": "#/$defs/B"}], "discriminator": {"propertyName": "sub"}},
        ],
    }
    definitions = {"A": member("a"), "B": member("b"), "C": member("c")}
    schema = {"type": "object", "properties": {"x": union}, "$defs": definitions}
    result = transform({**schema, "additionalProperties": False}, FLAT)
    assert result.strict
    required = {name: node.get("required") for name, node in result.schema["$defs"].items()}
    assert required == {"A": ["kind"], "B": ["kind", "sub"], "C": None}
    assert transform(schema, ANY).schema == schema


def test_a_single_all_of_is_merged_and_the_outer_keywords_win() -> None:
    node = {"allOf": [{"type": "string", "description": "in"}], "description": "out"}
    assert one(node, CLOSED) == {"type": "string", "description": "out"}
    assert one({"allOf": [node]}, CLOSED) == {"type": "string", "description": "out"}


def test_const_becomes_an_enum_where_it_must() -> None:
    node = {"const": "cat", "type": "string"}
    assert one(node, CLOSED) == {"enum": ["cat"], "type": "string"}
    assert one(node, FLAT) == node


def test_an_enum_is_given_its_types() -> None:
    assert one({"enum": ["a", 1, None]}, CLOSED)["type"] == ["string", "integer", "null"]
    assert one({"enum": ["a", "b"]}, CLOSED)["type"] == "string"


def test_an_enum_keeps_the_types_it_may_and_says_the_rest() -> None:
    assert one({"enum": ["a", None], "title": "T"}, OPEN) == {
        "title": "T",
        "anyOf": [{"type": "string", "enum": ["a"]}, {"type": "null"}],
    }
    assert one({"const": True, "type": "boolean"}, OPEN) == {
        "type": "boolean",
        "description": "One of: [true]",
    }
    assert one({"enum": [False, True]}, OPEN) == {"type": "boolean"}
    assert one({"const": None, "type": "null"}, OPEN) == {"type": "null"}


# Lists and maps


def test_a_tuple_of_one_type_is_a_list_of_known_length() -> None:
    node = {
        "type": "array",
        "prefixItems": [{"type": "integer", "title": "a"}, {"type": "integer"}],
        "minItems": 2,
        "maxItems": 2,
    }
    assert one(node, CLOSED)["items"]["type"] == "integer"
    assert one(node, CLOSED)["maxItems"] == 2
    assert one(node, OPEN) == node


def test_a_tuple_of_many_types_says_their_order() -> None:
    node = {
        "type": "array",
        "prefixItems": [{"type": "integer"}, {"$ref": "#/$defs/A"}],
        "items": {"type": "null"},
        "minItems": 2,
    }
    assert one(node, FLAT, A={"type": "string"}) == {
        "type": "array",
        "items": {"anyOf": [{"type": "integer"}, {"$ref": "#/$defs/A"}, {"type": "null"}]},
        "description": "Items in order: integer, A\nMinimum number of items: 2",
    }


def test_a_map_with_patterns_keeps_the_schema_of_its_other_keys() -> None:
    node = {
        "type": "object",
        "patternProperties": {"^x": {"type": "integer"}, "^y": {"type": "null"}},
        "additionalProperties": {"type": "string"},
    }
    assert one(node, OPEN) == {
        "type": "object",
        "additionalProperties": {
            "anyOf": [{"type": "integer"}, {"type": "null"}, {"type": "string"}]
        },
        "description": "Keys match: ^x or ^y",
    }


def test_patterns_of_keys_go_into_words_where_maps_are_allowed() -> None:
    node = {"type": "object", "patternProperties": {"^x": {"type": "integer"}}}
    assert one(node, OPEN) == {
        "type": "object",
        "additionalProperties": {"type": "integer"},
        "description": "Keys match: ^x",
    }


# Bounds and formats


@pytest.mark.parametrize(
    ("bound", "words"),
    [
        ({"minLength": 1}, "Minimum length: 1"),
        ({"maxLength": 9}, "Maximum length: 9"),
        ({"pattern": "^a;b$"}, "Pattern: ^a;b$"),
        ({"format": "password"}, "Format: password"),
        ({"minimum": 1}, "Minimum: 1"),
        ({"exclusiveMaximum": 0.5}, "Less than: 0.5"),
        ({"multipleOf": 5}, "Multiple of: 5"),
        ({"uniqueItems": True}, "No item twice"),
        ({"minItems": 2}, "Minimum number of items: 2"),
        ({"minProperties": 2}, "Minimum number of entries: 2"),
        ({"examples": ["é"]}, 'Examples: ["é"]'),
        ({"deprecated": True}, "Deprecated"),
        ({"not": {"const": 1}}, 'Not: {"const": 1}'),
        ({"minimum": 1, "maximum": 2}, "Minimum: 1; maximum: 2"),
    ],
)
def test_what_is_not_taken_is_said(bound: dict[str, Any], words: str) -> None:
    assert one({"type": "string", **bound}, FLAT) == {"type": "string", "description": words}
    said = one({"type": "string", "description": "Mine.", **bound}, FLAT)
    assert said["description"] == f"Mine.\n{words}"
    kept = {"type": "string", **bound}
    assert transform({"type": "object", "properties": {"x": kept}}, ANY).schema["properties"] == {
        "x": kept
    }


@pytest.mark.parametrize(
    "idle", [{"uniqueItems": False}, {"deprecated": False}, {"readOnly": True}]
)
def test_what_says_nothing_of_the_value_goes_without_a_word(idle: dict[str, Any]) -> None:
    assert one({"type": "string", **idle}, FLAT) == {"type": "string"}


@pytest.mark.parametrize("pattern", [r"^\d{4}-\d\d$", r"a|(?:b|c)+", r"\\b", r"[\w.]+\$"])
def test_simple_patterns(pattern: str) -> None:
    assert is_simple_pattern(pattern)


@pytest.mark.parametrize(
    "pattern", [r"(?!a)b", r"(?=a)", r"(?<!a)b", r"(?<=a)b", r"(a)\1", r"\bword\b", r"(?P<n>a)"]
)
def test_patterns_that_no_grammar_knows(pattern: str) -> None:
    assert not is_simple_pattern(pattern)


# References


def test_siblings_of_a_reference_stand_beside_any_of() -> None:
    node = {"$ref": "#/$defs/A", "description": "Mine.", "default": "a", "minLength": 1}
    assert one(node, CLOSED, A={"type": "string"}) == {
        "anyOf": [{"$ref": "#/$defs/A"}],
        "description": "Mine.\nDefault: a; minimum length: 1",
    }
    assert one({"$ref": "#/$defs/A"}, CLOSED, A={"type": "string"}) == {"$ref": "#/$defs/A"}


def test_a_bound_beside_a_reference_is_said_even_where_it_is_taken() -> None:
    node = {"$ref": "#/$defs/A", "minItems": 2}
    assert one(node, CLOSED, A={"type": "array", "items": {"type": "null"}}) == {
        "anyOf": [{"$ref": "#/$defs/A"}],
        "description": "Minimum number of items: 2",
    }


def test_schemas_that_are_true_or_false_are_spelled_out() -> None:
    node = {"type": "object", "properties": {"a": True, "b": False}}
    assert one(node, OPEN)["properties"] == {"a": {}, "b": {"description": "Not: {}"}}


def test_a_reference_at_the_root_is_inlined() -> None:
    node = {"type": "object", "properties": {"a": {"$ref": "#/$defs/a~1b"}}}
    schema = {"$ref": "#/$defs/a~1b", "$defs": {"a/b": node}, "description": "Mine."}
    assert transform(schema, ANY).schema == {
        **node,
        "$defs": {"a/b": node},
        "description": "Mine.",
    }


@pytest.mark.parametrize("root", [{"type": "array"}, {"anyOf": []}, {}])
def test_the_root_must_be_an_object(root: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="must be an object"):
        transform(root, ANY)


def test_a_required_property_that_closes_a_cycle_is_only_called_required() -> None:
    tree = {
        "type": "object",
        "properties": {
            "name": {"type": "string"},
            "leaf": {"$ref": "#/$defs/Leaf"},
            "children": {"type": "array", "items": {"$ref": "#/$defs/Tree"}},
        },
        "required": ["name", "leaf", "children"],
    }
    leaf = {"type": "object", "properties": {"x": {"type": "null"}}, "required": ["x"]}
    schema = {"type": "object", "properties": {"t": {"$ref": "#/$defs/Tree"}}, "required": ["t"]}
    schema["$defs"] = {"Tree": tree, "Leaf": leaf}
    result = transform(schema, OPEN)
    assert result.strict
    assert result.schema["required"] == ["t"]
    assert result.schema["$defs"]["Leaf"] == leaf
    relaxed = result.schema["$defs"]["Tree"]
    assert relaxed["required"] == ["name", "leaf"]
    assert relaxed["properties"]["children"]["description"] == "Required"


# Refusals

SELF = {"type": "object", "properties": {"a": {"$ref": "#/$defs/A"}}}


@pytest.mark.parametrize(
    ("node", "place", "reason"),
    [
        ({"type": "object", "additionalProperties": {"type": "string"}}, "", "free keys"),
        ({"type": "object", "additionalProperties": True, "properties": {}}, "", "free keys"),
        ({"type": "object"}, "", "free keys"),
        ({"type": ["object", "null"]}, "", "free keys"),
        ({"type": ["null", "array"]}, "", "array of anything"),
        ({"type": "object", "patternProperties": {"^a": {"type": "null"}}}, "", "free keys"),
        ({"title": "Anything"}, "", "any type"),
        ({"type": "array"}, "", "array of anything"),
        ({"type": "array", "items": {}}, "/items", "any type"),
        ({"type": "array", "items": True}, "", "array of anything"),
        ({"enum": [[1], "a"]}, "/anyOf/1", "array of anything"),
        ({"const": [1]}, "", "array of anything"),
        ({"allOf": [{"type": "string"}, {"minLength": 1}]}, "", "allOf"),
        ({"oneOf": [{"type": "string"}], "anyOf": [{"type": "null"}]}, "", "oneOf"),
        ({"$ref": "https://x.test/y"}, "", "reference to https://x.test/y"),
        ({"$ref": "#/$defs/A"}, "", "recursion"),
    ],
)
def test_what_can_be_neither_kept_nor_said_makes_the_schema_loose(
    node: dict[str, Any], place: str, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    loose = refused(node, FLAT, A=SELF)
    assert loose["properties"]["x"] == node
    (record,) = (record for record in caplog.records if record.name == "partwise")
    assert record.levelno == logging.WARNING
    assert f"{reason} at #/properties/x{place}" in record.getMessage()
    assert "flat" in record.getMessage()


def test_a_fallback_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    refused({}, FLAT)
    refused({}, FLAT)
    refused({"const": [1]}, FLAT)
    assert len(caplog.records) == 2


def test_definitions_that_lead_to_each_other_are_recursion(
    caplog: pytest.LogCaptureFixture,
) -> None:
    there = {"type": "object", "properties": {"b": {"$ref": "#/$defs/B"}}, "required": ["b"]}
    over = {"type": "object", "properties": {"c": {"$ref": "#/$defs/C"}}, "required": ["c"]}
    back = {"type": "object", "properties": {"a": {"$ref": "#/$defs/A"}}, "required": ["a"]}
    definitions = {"A": there, "B": over, "C": back}
    refused({"type": "null"}, FLAT, **definitions)
    assert "recursion at #/$defs/A/properties/b; recursion at #/$defs/B" in caplog.text
    schema = {"type": "object", "properties": {}, "$defs": definitions}
    relaxed = transform(schema, OPEN).schema["$defs"]
    assert [node["required"] for node in relaxed.values()] == [[], [], []]


def test_places_are_json_pointers(caplog: pytest.LogCaptureFixture) -> None:
    node = {"type": "object", "properties": {"a/b~c": {}}, "required": ["a/b~c"]}
    refused(node, FLAT)
    assert "#/properties/x/properties/a~1b~0c" in caplog.text


def test_recursion_is_no_reason_where_it_is_allowed() -> None:
    assert one({"$ref": "#/$defs/A"}, CLOSED, A=SELF) == {"$ref": "#/$defs/A"}


def test_the_fallback_has_rules_of_its_own() -> None:
    fallback = SchemaProfile(name="loose", strict=True, keywords=frozenset())
    profile = SchemaProfile(name="tight", closed=True, fallback=fallback)
    node = {"type": "object", "minProperties": 1, "additionalProperties": {"type": "null"}}
    assert refused(node, profile)["properties"]["x"] == {
        "type": "object",
        "additionalProperties": {"type": "null"},
        "description": "Minimum number of entries: 1",
    }


# All of it


def test_the_input_is_neither_changed_nor_shared() -> None:
    schema = {
        "type": "object",
        "properties": {"x": {"$ref": "#/$defs/A", "default": [1]}, "y": {"enum": ["a", "b"]}},
        "$defs": {"A": {"type": "array", "items": {"type": "integer"}, "minItems": 3}},
    }
    before = copy.deepcopy(schema)
    for profile in (CLOSED, FLAT, OPEN, ANY):
        result = transform(schema, profile).schema
        result["properties"]["y"]["enum"].append("c")
        assert schema == before


def test_a_profile_that_enforces_nothing_says_so() -> None:
    assert not transform({"type": "object"}, ANY).strict
