//! Variables that a request leaves out. By the GraphQL specification (coercion of arguments) an argument whose value is
//! an omitted variable counts as not given, so that its default holds. The engine (8.0.0-rc.5) takes it for null instead
//! and refuses null where the argument has a default. The document is therefore rewritten before it runs: arguments and
//! input fields given by omitted nullable variables are taken out, with the definitions of those variables.

use std::collections::HashSet;

use async_graphql::parser::types::{
    DocumentOperations, ExecutableDocument, OperationDefinition, Selection, SelectionSet, VariableDefinition,
};
use async_graphql::{Name, Positioned, Request};
use async_graphql_value::Value;

/// Takes omitted variables out of the document. One that does not parse stays as it is: execution tells why.
pub fn take_out(request: &mut Request) {
    let name = request.operation_name.clone();
    let given: HashSet<Name> = request.variables.keys().cloned().collect();
    let Ok(document) = request.parsed_query() else { return };
    let omitted = omitted_of(document, name.as_deref(), &given);
    if omitted.is_empty() {
        return;
    }
    let mut document = document.clone();
    match &mut document.operations {
        DocumentOperations::Single(operation) => take_out_of_operation(&mut operation.node, &omitted),
        DocumentOperations::Multiple(operations) => {
            operations.values_mut().for_each(|operation| take_out_of_operation(&mut operation.node, &omitted));
        }
    }
    for fragment in document.fragments.values_mut() {
        take_out_of_selections(&mut fragment.node.selection_set.node, &omitted);
    }
    request.set_parsed_query(document);
}

/// The nullable variables without default and without value of the operation that is to run.
fn omitted_of(document: &ExecutableDocument, name: Option<&str>, given: &HashSet<Name>) -> HashSet<Name> {
    let operation = match (&document.operations, name) {
        (DocumentOperations::Single(operation), _) => Some(operation),
        (DocumentOperations::Multiple(operations), Some(name)) => operations.get(name),
        (DocumentOperations::Multiple(operations), None) => operations.values().next(),
    };
    let definitions = operation.map(|operation| operation.node.variable_definitions.as_slice()).unwrap_or_default();
    let is_omitted = |definition: &&Positioned<VariableDefinition>| {
        let VariableDefinition { name, var_type, default_value, .. } = &definition.node;
        var_type.node.nullable && default_value.is_none() && !given.contains(&name.node)
    };
    definitions.iter().filter(is_omitted).map(|definition| definition.node.name.node.clone()).collect()
}

fn take_out_of_operation(operation: &mut OperationDefinition, omitted: &HashSet<Name>) {
    operation.variable_definitions.retain(|definition| !omitted.contains(&definition.node.name.node));
    take_out_of_selections(&mut operation.selection_set.node, omitted);
}

/// Fragments are rewritten by themselves, once each. The parser bounds the depth.
fn take_out_of_selections(selections: &mut SelectionSet, omitted: &HashSet<Name>) {
    for selection in &mut selections.items {
        match &mut selection.node {
            Selection::Field(field) => {
                let arguments = std::mem::take(&mut field.node.arguments);
                let kept = arguments.into_iter().filter_map(|(name, value)| {
                    let Positioned { pos, node } = value;
                    Some((name, Positioned::new(without(node, omitted)?, pos)))
                });
                field.node.arguments = kept.collect();
                take_out_of_selections(&mut field.node.selection_set.node, omitted);
            }
            Selection::InlineFragment(fragment) => {
                take_out_of_selections(&mut fragment.node.selection_set.node, omitted);
            }
            Selection::FragmentSpread(_) => {}
        }
    }
}

/// The value without omitted variables: none where it is one, an object without the fields given by one, a list with
/// null in its place.
fn without(value: Value, omitted: &HashSet<Name>) -> Option<Value> {
    Some(match value {
        Value::Variable(name) if omitted.contains(&name) => return None,
        Value::Object(fields) => Value::Object(
            fields.into_iter().filter_map(|(name, field)| Some((name, without(field, omitted)?))).collect(),
        ),
        Value::List(items) => {
            Value::List(items.into_iter().map(|item| without(item, omitted).unwrap_or(Value::Null)).collect())
        }
        other => other,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use async_graphql::{EmptyMutation, EmptySubscription, Object, Schema};

    struct Query;

    #[Object]
    impl Query {
        async fn echo(&self, #[graphql(default = 7)] number: i32, words: Option<Vec<Option<String>>>) -> String {
            format!("{number} {words:?}")
        }
    }

    async fn answer(query: &str, variables: serde_json::Value) -> String {
        let schema = Schema::new(Query, EmptyMutation, EmptySubscription);
        let mut request = Request::new(query).variables(async_graphql::Variables::from_json(variables));
        take_out(&mut request);
        let response = schema.execute(request).await;
        assert!(response.errors.is_empty(), "{:?}", response.errors);
        response.data.to_string()
    }

    #[tokio::test]
    async fn an_omitted_variable_leaves_the_default_and_a_given_one_is_taken() {
        let query = "query($n: Int, $w: String) { ...f } fragment f on Query { echo(number: $n, words: [$w]) }";
        assert_eq!(answer(query, serde_json::json!({})).await, r#"{echo: "7 Some([None])"}"#);
        let given = serde_json::json!({"n": 3, "w": "x"});
        assert_eq!(answer(query, given).await, r#"{echo: "3 Some([Some(\"x\")])"}"#);
    }
}
