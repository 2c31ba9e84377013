//! Fields of a record by their dotted path: absent and null are the same, and a refusal names the whole path.

use serde_json::{Map, Value};

use super::field::Fields;
use crate::domain::event::Rejection;
use crate::domain::time::Micros;

/// The fields of the object that holds the field at `path`, and that field's own name.
fn parent<'a>(
    record: &'a Map<String, Value>,
    path: &'static str,
) -> Result<Option<(Fields<'a>, &'static str)>, Rejection> {
    let mut fields = Fields::new(record);
    let mut rest = path;
    while let Some((name, deeper)) = rest.split_once('.') {
        let Some(inner) = fields.object(name)? else { return Ok(None) };
        (fields, rest) = (inner, deeper);
    }
    Ok(Some((fields, rest)))
}

/// The value at a path.
pub(super) fn value_at<'a>(record: &'a Map<String, Value>, path: &'static str) -> Result<Option<&'a Value>, Rejection> {
    Ok(parent(record, path)?.and_then(|(fields, name)| fields.get(name)))
}

/// The object at a path.
pub(super) fn object_at<'a>(
    record: &'a Map<String, Value>,
    path: &'static str,
) -> Result<Option<Fields<'a>>, Rejection> {
    parent(record, path)?.map_or(Ok(None), |(fields, name)| fields.object(name))
}

/// The array at a path.
pub(super) fn array_at<'a>(
    record: &'a Map<String, Value>,
    path: &'static str,
) -> Result<Option<&'a Vec<Value>>, Rejection> {
    parent(record, path)?.map_or(Ok(None), |(fields, name)| fields.array(name))
}

/// The id or word at a path.
pub(super) fn id_at(record: &Map<String, Value>, path: &'static str) -> Result<Option<String>, Rejection> {
    parent(record, path)?.map_or(Ok(None), |(fields, name)| fields.id(name))
}

/// The link at a path.
pub(super) fn link_at(record: &Map<String, Value>, path: &'static str) -> Result<Option<String>, Rejection> {
    parent(record, path)?.map_or(Ok(None), |(fields, name)| fields.long_text(name))
}

/// The instant at a path.
pub(super) fn time_at(record: &Map<String, Value>, path: &'static str) -> Result<Option<Micros>, Rejection> {
    parent(record, path)?.map_or(Ok(None), |(fields, name)| fields.time(name))
}

/// Removes the text at a path from `data`, but only when it is exactly `moved`: what has a field of its own on the
/// event is not stored twice, and nothing that was changed on the way is lost.
pub(super) fn remove_moved(data: &mut Map<String, Value>, path: &str, moved: Option<&str>) {
    let mut object = data;
    let mut rest = path;
    while let Some((name, deeper)) = rest.split_once('.') {
        let Some(Value::Object(inner)) = object.get_mut(name) else { return };
        (object, rest) = (inner, deeper);
    }
    if moved.is_some() && object.get(rest).and_then(Value::as_str) == moved {
        object.remove(rest);
    }
}
