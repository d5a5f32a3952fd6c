//! What the document says about numbers in bodies and about tags of answers.

use reqwest::Method;
use serde_json::{Value, json};

use super::{document, operations, resolved};

/// The whole numbers of a schema: the place of each in a body, with its least and its most.
fn numbers(document: &Value, schema: &Value, place: &str, found: &mut Vec<(String, u64, u64)>) {
    let schema = resolved(document, schema);
    let types = schema["type"].as_array().cloned().unwrap_or_else(|| vec![schema["type"].clone()]);
    if types.contains(&json!("integer")) {
        let limit =
            |name: &str| schema[name].as_u64().unwrap_or_else(|| panic!("{place} has no {name}: {schema}"));
        found.push((place.to_owned(), limit("minimum"), limit("maximum")));
    }
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        let dot = if place.is_empty() { "" } else { "." };
        numbers(document, property, &format!("{place}{dot}{name}"), found);
    }
    if schema["items"].is_object() {
        numbers(document, &schema["items"], &format!("{place}[]"), found);
    }
    for either in ["anyOf", "oneOf", "allOf"] {
        for schema in schema[either].as_array().into_iter().flatten() {
            numbers(document, schema, place, found);
        }
    }
}

#[tokio::test]
async fn every_number_in_a_body_has_the_range_that_errors_tell() {
    let document = document().await;
    let mut found = Vec::new();
    for (_, _, operation) in operations(&document) {
        let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
        numbers(&document, schema, "", &mut found);
    }
    found.sort();
    found.dedup();
    let mut known: Vec<_> = dray_api::limits::NUMBERS
        .iter()
        .map(|(place, least, most)| ((*place).to_owned(), *least, *most))
        .collect();
    known.sort();
    assert_eq!(found, known);
}

#[tokio::test]
async fn a_read_that_is_tagged_is_documented_with_its_tag() {
    let document = document().await;
    for (method, path, operation) in operations(&document) {
        let is_json = operation["responses"]["200"]["content"]["application/json"].is_object();
        let is_tagged = method == Method::GET && is_json;
        let named = operation["parameters"].as_array().into_iter().flatten();
        let takes_tag = named.into_iter().any(|parameter| parameter["name"] == "If-None-Match");
        assert_eq!(takes_tag, is_tagged, "{method} {path}");
        assert_eq!(
            operation["responses"]["304"]["headers"]["ETag"].is_object(),
            is_tagged,
            "{method} {path}"
        );
        assert_eq!(
            operation["responses"]["200"]["headers"]["ETag"].is_object(),
            is_tagged,
            "{method} {path}"
        );
    }
}
