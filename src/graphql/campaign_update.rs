//! Mutations of campaigns: names, tags, archiving.

use async_graphql::{Context, ID, InputObject, MaybeUndefined, SimpleObject};

use super::campaign::Campaign;
use super::context::{audited, caller, store};
use super::error::Result;
use super::limits::{MAX_NAME_CHARS, MAX_TAGS};
use super::node::NodeId;
use super::user_error::{UserError, UserErrorCode};
use crate::domain::audit::AuditEntry;
use crate::domain::time::Micros;
use crate::store;
use crate::store::campaign::CampaignChanges;

/// What to change of a campaign; what is left out stays.
#[derive(Clone, Debug, InputObject)]
pub struct CampaignUpdateInput {
    /// The new name, 1 to 200 characters; null removes it.
    name: MaybeUndefined<String>,
    /// The new tags in place of the old ones: at most 50, each 1 to 200 characters; repeats count once.
    tags: Option<Vec<String>>,
}

/// A changed campaign, or what is wrong.
#[derive(Debug, SimpleObject)]
pub struct CampaignPayload {
    /// The campaign as it is now; null where nothing was changed because of an error.
    campaign: Option<Campaign>,
    /// What a person can mend; empty on success.
    user_errors: Vec<UserError>,
}

/// Changes the name and the tags of a campaign.
pub async fn update(ctx: &Context<'_>, id: &ID, input: CampaignUpdateInput) -> Result<CampaignPayload> {
    let mut errors = Vec::new();
    let name = match input.name {
        MaybeUndefined::Undefined => None,
        MaybeUndefined::Null => Some(None),
        MaybeUndefined::Value(name) => Some(Some(name.trim().to_owned())),
    };
    if let Some(Some(name)) = &name {
        errors.extend(check_text(name, &["input", "name"]));
    }
    let tags = input.tags.map(distinct);
    if let Some(tags) = &tags {
        errors.extend(check_tags(tags));
    }
    if !errors.is_empty() {
        return Ok(CampaignPayload { campaign: None, user_errors: errors });
    }
    let changed: Vec<&str> =
        [("name", name.is_some()), ("tags", tags.is_some())].iter().filter(|one| one.1).map(|one| one.0).collect();
    let entry = audited(ctx, "campaignUpdate")?.with("changed", changed);
    apply(ctx, id, CampaignChanges { name, tags, archived_at: None }, &entry).await
}

/// Archives a campaign, or takes it out of the archive.
pub async fn archive(ctx: &Context<'_>, id: &ID, is_archived: bool) -> Result<CampaignPayload> {
    let archived_at = Some(is_archived.then(Micros::now));
    let entry = audited(ctx, "campaignArchive")?.with("isArchived", is_archived);
    apply(ctx, id, CampaignChanges { archived_at, ..CampaignChanges::default() }, &entry).await
}

async fn apply(ctx: &Context<'_>, id: &ID, changes: CampaignChanges, entry: &AuditEntry) -> Result<CampaignPayload> {
    let updated = match NodeId::campaign(id) {
        Some(number) => {
            store::campaign::update(store(ctx)?, caller(ctx)?.workspace_id(), (number, changes), entry).await?
        }
        None => None,
    };
    let unknown = || {
        let message = format!("{} names no campaign", id.as_str());
        vec![UserError::new(UserErrorCode::NotFound, &["id"], message)]
    };
    let user_errors = if updated.is_some() { Vec::new() } else { unknown() };
    Ok(CampaignPayload { campaign: updated.map(Campaign::from), user_errors })
}

fn distinct(tags: Vec<String>) -> Vec<String> {
    let mut kept: Vec<String> = Vec::new();
    for tag in tags {
        let tag = tag.trim().to_owned();
        if !kept.contains(&tag) {
            kept.push(tag);
        }
    }
    kept
}

fn check_tags(tags: &[String]) -> Vec<UserError> {
    let number = tags.len();
    if number > MAX_TAGS {
        let message = format!("{number} tags exceed the maximum of {MAX_TAGS}");
        return vec![UserError::new(UserErrorCode::TooMany, &["input", "tags"], message)];
    }
    tags.iter().enumerate().filter_map(|(index, tag)| check_text(tag, &["input", "tags", &index.to_string()])).collect()
}

/// What is wrong with a name or tag that a person gave.
pub fn check_text(text: &str, field: &[&str]) -> Option<UserError> {
    let name = field.last().copied().unwrap_or_default();
    let length = text.chars().count();
    if text.is_empty() {
        return Some(UserError::new(UserErrorCode::Blank, field, format!("{name} is empty")));
    }
    if length > MAX_NAME_CHARS {
        let message = format!("{name} has {length} characters, above the maximum of {MAX_NAME_CHARS}");
        return Some(UserError::new(UserErrorCode::TooLong, field, message));
    }
    let has_control = text.chars().any(char::is_control);
    has_control.then(|| UserError::new(UserErrorCode::Invalid, field, format!("{name} has a control character")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_people_give_are_checked() {
        let code = |text: &str| check_text(text, &["input", "name"]).map(|error| error.code);
        assert_eq!(code("Spring sale"), None);
        assert_eq!(code(""), Some(UserErrorCode::Blank));
        assert_eq!(code(&"x".repeat(201)), Some(UserErrorCode::TooLong));
        assert_eq!(code("a\0b"), Some(UserErrorCode::Invalid));
    }

    #[test]
    fn repeated_tags_count_once() {
        let tags = distinct(vec!["a".to_owned(), " a ".to_owned(), "b".to_owned()]);
        assert_eq!(tags, ["a", "b"]);
        assert_eq!(check_tags(&vec!["t".to_owned(); 51]).len(), 1);
    }
}
