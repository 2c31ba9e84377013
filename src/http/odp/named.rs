//! Objects in which identifiers and other fields stand side by side, as in profiles, subscriptions and the pixel's query:
//! which of them name somebody.

use std::collections::{BTreeMap, HashSet};

use serde_json::{Map, Value};

use crate::dialect::who::Who;
use crate::domain::event::Rejection;
use crate::domain::identifier::{Identifier, built_in, canonical_name, rule_by_name};

/// Keys of ODP's events that end like an identifier's name and are none.
const NO_IDENTIFIERS: [&str; 10] = [
    "campaign_id",
    "campaign_group_id",
    "touchpoint_id",
    "content_id",
    "list_id",
    "product_id",
    "order_id",
    "idempotence_id",
    "identifier_key",
    "target_address",
];

/// The fields of an object, told apart.
#[derive(Debug, Default, PartialEq)]
pub struct Named {
    /// Those that name somebody.
    pub identifiers: Map<String, Value>,
    /// All others.
    pub others: Map<String, Value>,
}

/// Tells the fields apart. A field is an identifier when its type is built in or known to the workspace; when none is, then
/// those whose names end as those of identifiers do: an attribute such as `home_address` is no identifier just because it
/// could be one.
pub fn tell_apart(fields: Map<String, Value>, known: &HashSet<String>) -> Named {
    let sure = |name: &str| built_in(name).is_some() || known.contains(name);
    let likely = |name: &str| rule_by_name(name).is_some();
    let names: BTreeMap<String, String> = fields.keys().map(|name| (name.clone(), canonical_name(name))).collect();
    let candidate = |name: &String| !NO_IDENTIFIERS.contains(&names[name].as_str());
    let any_sure = fields.keys().any(|name| candidate(name) && sure(&names[name]));
    let mut apart = Named::default();
    for (name, value) in fields {
        let is_identifier = candidate(&name) && if any_sure { sure(&names[&name]) } else { likely(&names[&name]) };
        let part = if is_identifier { &mut apart.identifiers } else { &mut apart.others };
        part.insert(name, value);
    }
    apart
}

/// The identifiers in their normal form; a refusal when none of them names anybody.
pub fn who(identifiers: &Map<String, Value>, place: &str) -> Result<Vec<Identifier>, Rejection> {
    let mut who = Who::default();
    for (name, value) in identifiers {
        who.add_value(name, value, &format!("{place}.{name}"))?;
    }
    Ok(who.finish(place)?.0)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn identifiers(fields: Value, known: &[&str]) -> Vec<String> {
        let known = known.iter().map(|name| (*name).to_owned()).collect();
        let Value::Object(fields) = fields else { return Vec::new() };
        tell_apart(fields, &known).identifiers.into_iter().map(|(name, _)| name).collect()
    }

    #[test]
    fn known_types_are_identifiers_and_likely_ones_only_where_there_is_no_other() {
        let fields = json!({"email": "a@x.example", "home_address": "1 Road", "loyalty_number": "7", "age": 3});
        assert_eq!(identifiers(fields.clone(), &[]), ["email"]);
        assert_eq!(identifiers(fields, &["loyalty_number"]), ["email", "loyalty_number"]);
        assert_eq!(identifiers(json!({"loyalty_number": "7", "age": 3}), &[]), ["loyalty_number"]);
    }

    #[test]
    fn campaign_fields_are_no_identifiers() {
        let fields = json!({"campaign_id": 7, "list_id": "l", "idempotence_id": "i", "FS-USER-ID": "u"});
        assert_eq!(identifiers(fields.clone(), &["campaign_id"]), ["FS-USER-ID"]);
        assert_eq!(identifiers(json!({"campaign_id": 7}), &[]), [""; 0]);
    }
}
