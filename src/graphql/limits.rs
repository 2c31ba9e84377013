//! Every limit of the GraphQL API, in one place. A request beyond one gets `LIMIT_EXCEEDED` or `BAD_INPUT`, naming it.

/// Deepest nesting of fields.
pub const MAX_DEPTH: usize = 20;

/// Deepest nesting of selection sets and fragments while the document is checked.
pub const MAX_RECURSION: usize = 32;

/// Highest cost of an operation: one per field, times the size of the page that it stands in.
pub const MAX_COMPLEXITY: usize = 20_000;

/// Most aliases in a document.
pub const MAX_ALIASES: usize = 100;

/// Most directives on one field.
pub const MAX_DIRECTIVES: usize = 10;

/// Most rows of a page.
pub const MAX_PAGE_SIZE: usize = 100;

/// Rows of a page when neither `first` nor `last` is given.
pub const DEFAULT_PAGE_SIZE: usize = 50;

/// Most events or records in one mutation.
pub const MAX_INGEST_RECORDS: usize = 5_000;

/// Most groups that a grouped funnel lists.
pub const MAX_FUNNEL_GROUPS: usize = 5_000;

/// Groups that a grouped funnel lists when it is not told how many.
pub const DEFAULT_FUNNEL_GROUPS: usize = 1_000;

/// Most dimensions that the groups of a funnel are made of.
pub const MAX_FUNNEL_DIMENSIONS: usize = 3;

/// Most reasons that a funnel lists.
pub const MAX_REASONS: usize = 1_000;

/// Reasons that a funnel lists when it is not told how many.
pub const DEFAULT_REASONS: usize = 100;
/// Most groups that a report on attribution lists.
pub const MAX_ATTRIBUTION_GROUPS: usize = 5_000;
/// Groups that a report on attribution lists when it does not say how many.
pub const DEFAULT_ATTRIBUTION_GROUPS: usize = 100;
/// Most paths to conversion that a report lists.
pub const MAX_ATTRIBUTION_PATHS: usize = 1_000;

/// Most values of one kind in a filter.
pub const MAX_FILTER_VALUES: usize = 100;

/// Most characters of a text in a filter of the quarantine.
pub const MAX_FILTER_TEXT_CHARS: usize = 1_000;

/// Most quarantined records that one mutation replays or discards.
pub const MAX_QUARANTINE_CHANGES: u64 = 10_000;

/// Quarantined records that one mutation replays or discards when it does not say how many.
pub const DEFAULT_QUARANTINE_CHANGES: u64 = 1_000;

/// Most records that a replay lists as refused again.
pub const MAX_LISTED_REFUSALS: usize = 100;

/// Most events of a customer that is exported in an answer.
pub const MAX_EXPORTED_EVENTS: i64 = 2_000;

/// Most bytes of such an answer.
pub const MAX_EXPORTED_BYTES: usize = 32 * 1024 * 1024;

/// Most quarantined records that are searched for a customer in an answer.
pub const MAX_SEARCHED_RECORDS: i64 = 10_000;

/// Most groups of blocked identifiers that are listed.
pub const MAX_BLOCK_GROUPS: u64 = 1_000;

/// Most groups that counts of the quarantine list.
pub const MAX_QUARANTINE_GROUPS: u64 = 500;

/// Most characters of the reason for which a record is discarded.
pub const MAX_REASON_CHARS: usize = 1_000;

/// Most runs, treatments, touchpoints or channels that a campaign lists.
pub const MAX_LISTED_VALUES: usize = 1_000;

/// Most tags of a campaign.
pub const MAX_TAGS: usize = 50;

/// Most characters of a name or a tag that people give.
pub const MAX_NAME_CHARS: usize = 200;

/// The cost of a page: that of one row for every row that may come.
pub fn page_cost(first: Option<i32>, last: Option<i32>, row_cost: usize) -> usize {
    let asked = first.or(last).map_or(DEFAULT_PAGE_SIZE, |size| usize::try_from(size).unwrap_or(MAX_PAGE_SIZE));
    asked.clamp(1, MAX_PAGE_SIZE).saturating_mul(row_cost)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_costs_its_rows() {
        assert_eq!(page_cost(Some(10), None, 3), 30);
        assert_eq!(page_cost(None, Some(10), 3), 30);
        assert_eq!(page_cost(None, None, 3), 3 * DEFAULT_PAGE_SIZE);
        assert_eq!(page_cost(Some(i32::MAX), None, 1), MAX_PAGE_SIZE);
        assert_eq!(page_cost(Some(-5), None, 1), MAX_PAGE_SIZE);
    }
}
