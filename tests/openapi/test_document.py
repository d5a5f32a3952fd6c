"""The document itself: it is valid OpenAPI, and its examples match its schemas."""

from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator


def contents(value, place=""):
    """Each body in the document (schema and examples), with its place."""
    if isinstance(value, list):
        value = dict(enumerate(value))
    if not isinstance(value, dict):
        return
    for key, below in value.items():
        if key == "content":
            yield from ((f"{place}/{media_type}", body) for media_type, body in below.items())
        yield from contents(below, f"{place}/{key}")


def examples(body):
    if "example" in body:
        yield body["example"]
    for example in body.get("examples", {}).values():
        yield example["value"]


def test_the_document_is_openapi_3_1(document):
    assert document["openapi"].startswith("3.1.")
    assert [error.message for error in OpenAPIV31SpecValidator(document).iter_errors()] == []


def test_every_example_matches_its_schema(document):
    faults, seen = [], 0
    for place, body in contents(document["paths"]):
        # References point into the components, so the schema needs these.
        schema = {**body["schema"], "components": document["components"]}
        validator = Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
        for example in examples(body):
            seen += 1
            faults += [f"{place}: {error.message}" for error in validator.iter_errors(example)]
    assert faults == []
    assert seen > 50
