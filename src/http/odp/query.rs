//! GraphQL documents of `/v3/graphql`, read into plain fields. Any identifier's name may be an argument of `customer` and
//! any attribute's name a field, which no fixed schema has: so the document is parsed by the library and answered by hand.

use std::collections::HashMap;

use async_graphql::parser::parse_query;
use async_graphql::parser::types::{
    Directive, DocumentOperations, ExecutableDocument, OperationDefinition, OperationType, Selection, SelectionSet,
};
use async_graphql::{Pos, Positioned, Value as ConstValue};
use serde_json::{Map, Value, json};

/// Most characters of a document.
const MAX_CHARS: usize = 65_536;
/// Deepest nesting of brackets in a document: the parser calls itself for each.
const MAX_BRACKETS: usize = 32;
/// Most fields of a document, those of fragments counted wherever they are spread.
const MAX_FIELDS: usize = 1_000;
/// Deepest nesting of fields and fragments.
const MAX_DEPTH: usize = 16;

/// A field that is asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// Under which name it is answered.
    pub key: String,
    /// Its name.
    pub name: String,
    /// Its arguments, variables replaced; missing ones are left out.
    pub arguments: Map<String, Value>,
    /// What is asked of it.
    pub fields: Vec<Field>,
    /// Where it stands.
    pub at: Pos,
}

/// Why a document cannot be answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Wrong {
    /// What is wrong.
    pub message: String,
    /// Where; none for the document as a whole.
    pub at: Option<Pos>,
    /// The kind of fault, in the words of the platform.
    pub classification: &'static str,
}

impl Wrong {
    /// A document that parses and asks for what there is not.
    pub fn invalid(at: Pos, message: impl Into<String>) -> Self {
        Self { message: message.into(), at: Some(at), classification: "ValidationError" }
    }

    /// The error as the platform writes it.
    pub fn to_json(&self) -> Value {
        let at = self.at.unwrap_or(Pos { line: 1, column: 1 });
        json!({
            "message": self.message,
            "locations": [{"line": at.line, "column": at.column}],
            "extensions": {"classification": self.classification},
        })
    }
}

/// The fields that a query asks for.
pub fn read(text: &str, variables: &Map<String, Value>) -> Result<Vec<Field>, Wrong> {
    let syntax = |message: String, at| Wrong { message, at, classification: "InvalidSyntax" };
    if text.len() > MAX_CHARS || nesting(text) > MAX_BRACKETS {
        let rule = format!("the document is longer than {MAX_CHARS} bytes or nests deeper than {MAX_BRACKETS}");
        return Err(syntax(rule, None));
    }
    let document = parse_query(text).map_err(|error| {
        let at = error.positions().next();
        syntax(format!("Invalid Syntax: {error}"), at)
    })?;
    let operation = only_operation(&document)?;
    let given = operation.variable_definitions.iter().map(|definition| {
        let name = definition.node.name.node.as_str();
        let default = definition.node.default_value.as_ref().map(|value| &value.node);
        let default = default.and_then(|value| value.clone().into_json().ok());
        (name, variables.get(name).cloned().or(default).unwrap_or(Value::Null))
    });
    let mut reader = Reader { document: &document, variables: given.collect(), left: MAX_FIELDS };
    reader.fields(&operation.selection_set.node, MAX_DEPTH)
}

/// How deep brackets nest, texts left out.
fn nesting(text: &str) -> usize {
    let (mut depth, mut deepest, mut in_text, mut is_escaped) = (0_usize, 0, false, false);
    for byte in text.bytes() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if in_text => is_escaped = true,
            b'"' => in_text = !in_text,
            b'{' | b'[' | b'(' if !in_text => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' | b')' if !in_text => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

fn only_operation(document: &ExecutableDocument) -> Result<&OperationDefinition, Wrong> {
    let found = match &document.operations {
        DocumentOperations::Single(operation) => Some(operation),
        DocumentOperations::Multiple(operations) if operations.len() == 1 => operations.values().next(),
        DocumentOperations::Multiple(_) => None,
    };
    let at = Pos { line: 1, column: 1 };
    let operation =
        found.ok_or_else(|| Wrong::invalid(at, "Must provide operation name if query contains multiple operations"))?;
    if operation.node.ty == OperationType::Query {
        return Ok(&operation.node);
    }
    Err(Wrong::invalid(operation.pos, "Schema is not configured for mutations or subscriptions"))
}

struct Reader<'a> {
    document: &'a ExecutableDocument,
    variables: HashMap<&'a str, Value>,
    left: usize,
}

impl Reader<'_> {
    fn fields(&mut self, set: &SelectionSet, depth: usize) -> Result<Vec<Field>, Wrong> {
        let mut fields = Vec::new();
        for selection in &set.items {
            if depth == 0 || self.left == 0 {
                let limits =
                    format!("the query asks for more than {MAX_FIELDS} fields, or nests deeper than {MAX_DEPTH}");
                return Err(Wrong::invalid(selection.pos, limits));
            }
            if !self.is_included(selection.node.directives()) {
                continue;
            }
            match &selection.node {
                Selection::Field(field) => {
                    self.left -= 1;
                    fields.push(self.field(field, depth)?);
                }
                Selection::InlineFragment(fragment) => {
                    fields.extend(self.fields(&fragment.node.selection_set.node, depth - 1)?);
                }
                Selection::FragmentSpread(spread) => {
                    let name = &spread.node.fragment_name.node;
                    let unknown = || Wrong::invalid(spread.pos, format!("Undefined fragment {name}"));
                    let fragment = self.document.fragments.get(name).ok_or_else(unknown)?;
                    fields.extend(self.fields(&fragment.node.selection_set.node, depth - 1)?);
                }
            }
        }
        Ok(fields)
    }

    fn field(&mut self, field: &Positioned<async_graphql::parser::types::Field>, depth: usize) -> Result<Field, Wrong> {
        let mut arguments = Map::new();
        for (name, value) in &field.node.arguments {
            let resolved = value.node.clone().into_const_with(|name| self.variable(&name, value.pos))?;
            let json = resolved.into_json().map_err(|error| Wrong::invalid(value.pos, error.to_string()))?;
            arguments.insert(name.node.to_string(), json);
        }
        Ok(Field {
            key: field.node.response_key().node.to_string(),
            name: field.node.name.node.to_string(),
            arguments,
            fields: self.fields(&field.node.selection_set.node, depth - 1)?,
            at: field.pos,
        })
    }

    fn variable(&self, name: &str, at: Pos) -> Result<ConstValue, Wrong> {
        let undefined = || Wrong::invalid(at, format!("Undefined variable {name}"));
        let value = self.variables.get(name).ok_or_else(undefined)?;
        ConstValue::from_json(value.clone()).map_err(|error| Wrong::invalid(at, error.to_string()))
    }

    /// By `@skip` and `@include`.
    fn is_included(&self, directives: &[Positioned<Directive>]) -> bool {
        directives.iter().all(|directive| {
            let condition = directive
                .node
                .get_argument("if")
                .and_then(|value| value.node.clone().into_const_with(|name| self.variable(&name, value.pos)).ok());
            let holds = condition == Some(ConstValue::Boolean(true));
            match directive.node.name.node.as_str() {
                "skip" => !holds,
                "include" => holds,
                _ => true,
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_with(text: &str, variables: Value) -> Result<Vec<Field>, Wrong> {
        let Value::Object(variables) = variables else { return read(text, &Map::new()) };
        read(text, &variables)
    }

    #[test]
    fn arguments_may_be_literals_or_variables_or_defaults() {
        for (text, variables) in [
            (r#"query {customer(fs_user_id : "u") {audiences(subset: ["a"]) {edges {node {name}}}}}"#, json!({})),
            (
                "query($u: String, $a: [String]) {customer(fs_user_id: $u) {audiences(subset: $a) {edges {node {name}}}}}",
                json!({"u": "u", "a": ["a"]}),
            ),
            (
                "query Q($u: String = \"u\") {customer(fs_user_id: $u) {...F}} fragment F on Customer {audiences(subset: [\"a\"]) {edges {node {name}}}}",
                json!({}),
            ),
            (
                "{customer(fs_user_id: \"u\") {... on Customer {audiences(subset: [\"a\"]) {edges {node {name}}}} x @skip(if: true)}}",
                json!({}),
            ),
        ] {
            let fields = read_with(text, variables).expect("a query");
            assert_eq!(fields[0].arguments, *json!({"fs_user_id": "u"}).as_object().expect("an object"), "{text}");
            assert_eq!(fields[0].fields.len(), 1, "{text}");
            assert_eq!(fields[0].fields[0].arguments["subset"], json!(["a"]), "{text}");
        }
    }

    #[test]
    fn a_missing_variable_is_null() {
        let fields = read_with("query($u: String) {customer(email: $u) {email}}", json!({})).expect("a query");
        assert_eq!(fields[0].arguments["email"], Value::Null);
        assert!(read_with("{customer(email: $u) {email}}", json!({})).is_err());
    }

    #[test]
    fn what_is_no_query_is_refused_by_its_kind() {
        let deep = format!("{}{}", "{a".repeat(40), "}".repeat(40));
        let spread = |n: usize| format!("fragment F{n} on X {{...F{m} ...F{m}}}", m = n + 1);
        let bomb = format!("{{...F0}} {}", (0..20).map(spread).collect::<Vec<_>>().join(" "));
        for (text, classification) in [
            ("{customer(", "InvalidSyntax"),
            ("", "InvalidSyntax"),
            (deep.as_str(), "InvalidSyntax"),
            ("mutation {a}", "ValidationError"),
            ("{...F} fragment F on X {...F}", "ValidationError"),
            (bomb.as_str(), "ValidationError"),
            ("query A {a} query B {b}", "ValidationError"),
        ] {
            assert_eq!(read(text, &Map::new()).expect_err("a refusal").classification, classification, "{text}");
        }
    }
}
