//! Page sizes given by variables that a request leaves out. The engine (8.0.0-rc.5) refuses a document whose cost depends on
//! an argument that is an omitted variable, although the variable may be omitted. For page sizes null and omitted
//! mean the same, so that such variables are set to null before the cost is counted.

use std::collections::HashSet;
use std::convert::Infallible;

use async_graphql::parser::types::{ExecutableDocument, Selection, SelectionSet, VariableDefinition};
use async_graphql::{Name, Request, Value};

const PAGE_SIZES: [&str; 2] = ["first", "last"];

/// Sets the omitted variables of page sizes to null. A document that does not parse stays as it is: execution tells why.
pub fn set_omitted(request: &mut Request) {
    let Ok(document) = request.parsed_query() else { return };
    for name in nullable_page_sizes(document) {
        request.variables.entry(name).or_insert(Value::Null);
    }
}

fn nullable_page_sizes(document: &ExecutableDocument) -> Vec<Name> {
    let mut used = HashSet::new();
    for (_, operation) in document.operations.iter() {
        collect(&operation.node.selection_set.node, &mut used);
    }
    for fragment in document.fragments.values() {
        collect(&fragment.node.selection_set.node, &mut used);
    }
    let defined = document.operations.iter().flat_map(|(_, operation)| &operation.node.variable_definitions);
    let names = defined.filter(|definition| may_be_null(&definition.node)).map(|one| one.node.name.node.clone());
    names.filter(|name| used.contains(name)).collect()
}

fn may_be_null(definition: &VariableDefinition) -> bool {
    definition.var_type.node.nullable && definition.default_value.is_none()
}

/// The variables that page sizes of a selection set are. Fragments are visited by themselves, once each.
fn collect(selection_set: &SelectionSet, used: &mut HashSet<Name>) {
    for selection in &selection_set.items {
        match &selection.node {
            Selection::Field(field) => {
                for (name, value) in &field.node.arguments {
                    if PAGE_SIZES.contains(&name.node.as_str()) {
                        let note = |variable| {
                            used.insert(variable);
                            Ok::<_, Infallible>(Value::Null)
                        };
                        let Ok(_) = value.node.clone().into_const_with(note);
                    }
                }
                collect(&field.node.selection_set.node, used);
            }
            Selection::InlineFragment(fragment) => collect(&fragment.node.selection_set.node, used),
            Selection::FragmentSpread(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_nullable_page_sizes_without_a_value_become_null() {
        let query = "query($a: Int, $b: Int = 5, $c: Int!, $d: Int, $e: String, $f: Int) {
            x(first: $a) { y(last: $b) ...z } w(first: $c, after: $e) v(first: $f) }
            fragment z on T { u { v(last: $d) } }";
        let mut request = Request::new(query);
        request.variables.insert(Name::new("f"), Value::from(3));
        set_omitted(&mut request);
        let set: Vec<(&str, &Value)> = request.variables.iter().map(|(name, value)| (name.as_str(), value)).collect();
        assert_eq!(set, [("a", &Value::Null), ("d", &Value::Null), ("f", &Value::from(3))]);
    }
}
