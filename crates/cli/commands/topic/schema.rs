//! What a type means, as text from its JSON schema: fields, their forms, defaults and doc comments.

use std::collections::{BTreeMap, BTreeSet};

use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value};

use crate::output::print::wrapped;

/// The name under which a type's schema is among the definitions.
pub(super) fn named<T: JsonSchema>(generator: &mut SchemaGenerator) -> String {
    let schema = generator.subschema_for::<T>();
    schema.get("$ref").and_then(Value::as_str).map_or_else(|| T::schema_name().into_owned(), last_part)
}

fn last_part(reference: &str) -> String {
    reference.rsplit('/').next().unwrap_or(reference).to_owned()
}

/// Writes what a type means, and then every type that it names.
pub(super) fn write_type(
    text: &mut String,
    name: &str,
    definitions: &BTreeMap<String, Value>,
    written: &mut BTreeSet<String>,
    width: usize,
) {
    let Some(schema) = definitions.get(name).filter(|_| written.insert(name.to_owned())) else { return };
    *text += &format!("{name}\n");
    if let Some(about) = described(schema) {
        *text += &wrapped(&about, width, 2);
        text.push('\n');
    }
    let entries = entries(schema);
    for Entry { form, about } in &entries {
        *text += &format!("\n  {form}\n");
        if let Some(about) = about {
            *text += &wrapped(about, width, 6);
            text.push('\n');
        }
    }
    text.push('\n');
    let mut named = Vec::new();
    references(schema, &mut named);
    named.iter().for_each(|next| write_type(text, next, definitions, written, width));
}

/// A field of a struct or a choice of an enum.
pub(super) struct Entry {
    pub(super) form: String,
    pub(super) about: Option<String>,
}

fn described(schema: &Value) -> Option<String> {
    // Doc comments are wrapped where the source is, and name types as rustdoc links.
    let text = schema.get("description")?.as_str()?;
    Some(text.replace("\n\n", "\u{b6}").replace('\n', " ").replace('\u{b6}', "\n").replace(['[', ']'], ""))
}

pub(super) fn entries(schema: &Value) -> Vec<Entry> {
    let choices = schema.get("oneOf").or(schema.get("anyOf")).and_then(Value::as_array);
    let mut all = Vec::new();
    for choice in choices.into_iter().flatten() {
        let words = choice.get("enum").and_then(Value::as_array);
        all.extend(
            words
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .map(|word| Entry { form: word.to_owned(), about: described(choice) }),
        );
        if let Some(word) = choice.get("const").and_then(Value::as_str) {
            all.push(Entry { form: word.to_owned(), about: described(choice) });
        }
        for (name, content) in properties(choice) {
            all.push(Entry { form: format!("{name}{}", content_form(content)), about: described(choice) });
        }
    }
    if let Some(words) = schema.get("enum").and_then(Value::as_array) {
        let plain = words.iter().filter_map(Value::as_str);
        all.extend(plain.map(|word| Entry { form: word.to_owned(), about: None }));
    }
    let required: Vec<&str> = schema
        .get("required")
        .and_then(Value::as_array)
        .map(|names| names.iter().filter_map(Value::as_str).collect())
        .unwrap_or_default();
    for (name, field) in properties(schema) {
        let default = match (required.contains(&name.as_str()), field.get("default")) {
            (true, _) => String::new(),
            (false, None | Some(Value::Null)) => ", may be left out".to_owned(),
            (false, Some(value)) => match plain_value(value) {
                Some(value) => format!(", {value} if left out"),
                None => ", may be left out".to_owned(),
            },
        };
        all.push(Entry { form: format!("{name}: {}{default}", form(field)), about: described(field) });
    }
    all
}

fn properties(schema: &Value) -> impl Iterator<Item = (&String, &Value)> {
    schema.get("properties").and_then(Value::as_object).into_iter().flat_map(Map::iter)
}

/// A default that is short enough to stand in a line.
fn plain_value(value: &Value) -> Option<String> {
    match value {
        Value::String(word) if word.is_empty() => Some("\"\"".to_owned()),
        Value::String(word) => Some(word.clone()),
        Value::Bool(_) => Some(value.to_string()),
        Value::Number(number) => match number.as_f64().map(|wide| (wide, wide as f32)) {
            // A number of single precision has digits that nobody wrote.
            Some((wide, single)) if f64::from(single) == wide => Some(single.to_string()),
            Some(_) | None => Some(number.to_string()),
        },
        Value::Array(items) if items.is_empty() => Some("[]".to_owned()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// What stands behind the name of a choice: `(l2: number)`, `(Metric, number)`.
fn content_form(content: &Value) -> String {
    let fields: Vec<String> =
        properties(content).map(|(name, field)| format!("{name}: {}", form(field))).collect();
    if fields.is_empty() {
        let inner = form(content);
        if inner.starts_with('(') { inner } else { format!("({inner})") }
    } else {
        format!("({})", fields.join(", "))
    }
}

/// What a value looks like, in a word or two.
fn form(schema: &Value) -> String {
    if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
        return last_part(reference);
    }
    let list = |key: &str| schema.get(key).and_then(Value::as_array);
    if let Some(parts) = list("allOf").or(list("anyOf")) {
        let forms: Vec<String> = parts.iter().map(form).filter(|form| form != "nothing").collect();
        return forms.join(" or ");
    }
    if let Some(items) = list("prefixItems") {
        return format!("({})", items.iter().map(form).collect::<Vec<_>>().join(", "));
    }
    let kind = match schema.get("type") {
        Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).find(|kind| *kind != "null"),
        Some(kind) => kind.as_str(),
        None => None,
    };
    match kind {
        Some("string") => "text".to_owned(),
        Some("integer") => "whole number".to_owned(),
        Some("number") => "number".to_owned(),
        Some("boolean") => "true or false".to_owned(),
        Some("null") => "nothing".to_owned(),
        Some("array") => match schema.get("items") {
            Some(items) => format!("list of {}", form(items)),
            None => "list".to_owned(),
        },
        Some("object") => match schema.get("additionalProperties") {
            Some(values) if values.is_object() => format!("map of names to {}", form(values)),
            _ => "fields".to_owned(),
        },
        _ => "anything".to_owned(),
    }
}

/// The types that a schema names, each once, in order.
fn references(schema: &Value, found: &mut Vec<String>) {
    match schema {
        Value::Object(fields) => {
            for (key, value) in fields {
                match value.as_str().filter(|_| key == "$ref") {
                    Some(reference) => {
                        let name = last_part(reference);
                        if !found.contains(&name) {
                            found.push(name);
                        }
                    }
                    None => references(value, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
