//! Ingestion over a real SQLite file: what goes in once stays once.

use serde_json::Map;

use super::*;
use crate::domain::event::{Automation, CampaignRef, Dialect, EventKey, Namespace, NewEvent, Record};
use crate::domain::hash::campaign_id;
use crate::domain::identifier::Identifier;
use crate::domain::kind::Kind;
use crate::domain::rollup::{Counts, Metric, Variant};
use crate::domain::time::Micros;
use crate::domain::workspace::WorkspaceId;
use crate::store::{DatabaseSettings, Store, open};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};

fn event(kind: Kind, person: &str, at_s: i64) -> NewEvent {
    let identifier = |name: &str, value: &str| Identifier { name: name.to_owned(), value: value.to_owned() };
    let campaign = CampaignRef { namespace: Namespace::Odp, external_id: "9".to_owned(), name: None };
    NewEvent {
        dialect: Dialect::Odp,
        event_type: "email".to_owned(),
        action: Some(kind.name().to_lowercase()),
        kind,
        occurred_at: Some(Micros::from_seconds(at_s)),
        identifiers: vec![identifier("email", &format!("{person}@x.example"))],
        channel: Some("email".to_owned()),
        campaign: Some(campaign),
        run: Some("r1".to_owned()),
        treatment: None,
        touchpoint: None,
        content: None,
        list: None,
        message_id: Some(format!("m-{person}")),
        target_address: None,
        url: None,
        reason: None,
        automation: Automation::Unknown,
        sent_at: None,
        updates: Vec::new(),
        data: Map::new(),
        key: EventKey::Known(crate::domain::hash::hash128(&[kind.name().as_bytes(), person.as_bytes()])),
        notes: Vec::new(),
    }
}

fn batch(events: Vec<NewEvent>) -> Batch {
    let record = |event| Record { raw: Vec::new(), raw_len: 0, offset: 0, outcome: Ok(vec![event]) };
    Batch {
        workspace: WorkspaceId(1),
        dialect: Dialect::Odp,
        source: "test".to_owned(),
        first_index: 0,
        records: events.into_iter().map(record).collect(),
    }
}

async fn sums(store: &Store) -> Counts {
    let campaign = campaign_id(1, "odp", "9");
    let rows = entity::rollup::Entity::find()
        .filter(entity::rollup::Column::Campaign.eq(campaign))
        .filter(entity::rollup::Column::Grouping.eq(0))
        .all(store.db());
    let mut sum = Counts::default();
    for row in rows.await.expect("reads") {
        sum.add(&Counts::decode(&row.counts).expect("decodes"), 1);
    }
    sum
}

#[tokio::test]
async fn what_goes_in_twice_counts_once_and_a_merge_counts_its_people_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("sqlite://{}?mode=rwc", folder.path().join("test.db").display());
    let store = open(&DatabaseSettings { url, max_connections: 2 }).await.expect("opens");
    let ingest = Ingest::start(&store, IngestSettings::default()).expect("starts");
    let events = || {
        vec![
            event(Kind::Sent, "ann", 1_000),
            event(Kind::Clicked, "ann", 1_010),
            event(Kind::Sent, "bob", 90_000),
            event(Kind::HardBounced, "bob", 90_001),
        ]
    };
    let first = ingest.submit(batch(events())).await.expect("takes");
    assert_eq!((first.accepted, first.duplicates, first.events), (4, 0, 4));
    let again = ingest.submit(batch(events())).await.expect("takes");
    assert_eq!((again.accepted, again.duplicates, again.events), (0, 4, 0));
    let counts = sums(&store).await;
    let opened = counts.get(Metric(Kind::Opened, Variant::Implied));
    assert_eq!((opened.total, opened.recipients), (1, 1));
    assert_eq!(counts.get(Metric(Kind::Delivered, Variant::Inferred)).recipients, 1);
    assert_eq!(counts.get(Metric(Kind::Sent, Variant::Implied)).recipients, 2);

    let mut both = event(Kind::Engaged, "ann", 2_000);
    let bobs = event(Kind::Engaged, "bob", 2_000).identifiers;
    both.identifiers.extend(bobs);
    let merged = ingest.submit(batch(vec![both])).await.expect("takes");
    assert_eq!(merged.events, 1);
    let counts = sums(&store).await;
    assert_eq!(counts.get(Metric(Kind::Sent, Variant::Reported)).recipients, 1, "one person now");
    assert_eq!(counts.get(Metric(Kind::Sent, Variant::Reported)).messages, 2);
    let customers = entity::customer::Entity::find().filter(entity::customer::Column::MergedInto.is_null());
    assert_eq!(customers.count(store.db()).await.expect("counts"), 1);
    ingest.stop().await;
    assert!(ingest.submit(batch(events())).await.is_err(), "a stopped ingestion takes nothing");
}
