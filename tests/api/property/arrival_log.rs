//! The order in which things arrived, as the database saw it.
//!
//! Requests to two servers run at once, so that no client knows whose came first; and the events of two shards have no
//! order among themselves. A table that only the tests have, filled by triggers, keeps it. On PostgreSQL the triggers run at
//! the end of each transaction under one lock that is held until it has committed: so a number is smaller exactly where
//! everything that its transaction changed was to be seen by the other. Nobody waits for anybody while that lock is held.
//! On SQLite there is one writer, and the numbers are given as it writes.
//!
//! Within one transaction the records of a request stand in their order, because every server is sent one request at a
//! time; where several senders share a server that has one shard, its events are in order themselves.

use std::collections::BTreeMap;

use sea_orm::{ConnectionTrait, DatabaseBackend, Statement};

use crate::kit::{TestDatabase, stored};

/// How an arrival is found in the log.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// By an event, as (shard, number).
    Event(i16, i64),
    /// By the name of an attribute that it set, or by the reason of a merge or an erasure.
    Mark(String),
}

impl Place {
    /// That of a request which made these events.
    pub fn of_events(ids: &[(i16, i64)]) -> Option<Self> {
        ids.first().map(|(shard, number)| Self::Event(*shard, *number))
    }
}

/// The mark of an act.
pub fn mark(number: usize) -> String {
    format!("mark {number}")
}

const ON_SQLITE: &str = r"
    CREATE TABLE arrival_log (position INTEGER PRIMARY KEY AUTOINCREMENT, shard INTEGER, number INTEGER, mark TEXT);
    CREATE TRIGGER log_event AFTER INSERT ON event
        BEGIN INSERT INTO arrival_log (shard, number) VALUES (NEW.shard, NEW.seq); END;
    CREATE TRIGGER log_profile AFTER INSERT ON profile_attribute WHEN NEW.name LIKE 'mark %'
        BEGIN INSERT INTO arrival_log (mark) VALUES (NEW.name); END;
    CREATE TRIGGER log_merge AFTER INSERT ON identity_change WHEN NEW.reason IS NOT NULL
        BEGIN INSERT INTO arrival_log (mark) VALUES (NEW.reason); END;
    CREATE TRIGGER log_erasure AFTER INSERT ON audit WHEN NEW.action = 'customerErase'
        BEGIN INSERT INTO arrival_log (mark) VALUES (json_extract(NEW.summary, '$.reason')); END;
";

const ON_POSTGRESQL: &str = r"
    CREATE TABLE arrival_log (position bigserial PRIMARY KEY, shard bigint, number bigint, mark text);
    CREATE FUNCTION log_event() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        PERFORM pg_advisory_xact_lock(77, 77);
        INSERT INTO arrival_log (shard, number) VALUES (NEW.shard, NEW.seq);
        RETURN NULL;
    END $$;
    CREATE FUNCTION log_profile() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        PERFORM pg_advisory_xact_lock(77, 77);
        INSERT INTO arrival_log (mark) VALUES (NEW.name);
        RETURN NULL;
    END $$;
    CREATE FUNCTION log_merge() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        PERFORM pg_advisory_xact_lock(77, 77);
        INSERT INTO arrival_log (mark) VALUES (NEW.reason);
        RETURN NULL;
    END $$;
    CREATE FUNCTION log_erasure() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        PERFORM pg_advisory_xact_lock(77, 77);
        INSERT INTO arrival_log (mark) VALUES (NEW.summary::json ->> 'reason');
        RETURN NULL;
    END $$;
    CREATE CONSTRAINT TRIGGER log_erasure AFTER INSERT ON audit DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW WHEN (NEW.action = 'customerErase') EXECUTE FUNCTION log_erasure();
    CREATE CONSTRAINT TRIGGER log_event AFTER INSERT ON event DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION log_event();
    CREATE CONSTRAINT TRIGGER log_profile AFTER INSERT ON profile_attribute DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW WHEN (NEW.name LIKE 'mark %') EXECUTE FUNCTION log_profile();
    CREATE CONSTRAINT TRIGGER log_merge AFTER INSERT ON identity_change DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW WHEN (NEW.reason IS NOT NULL) EXECUTE FUNCTION log_merge();
";

/// Begins the log. The database must be migrated, and no server must run yet.
pub fn begin(database: &TestDatabase) {
    let is_sqlite = database.url().starts_with("sqlite:");
    database.execute(if is_sqlite { ON_SQLITE } else { ON_POSTGRESQL });
}

/// The first number of everything in the log.
pub async fn positions(database: &TestDatabase) -> BTreeMap<Place, i64> {
    let db = stored::connect(database).await;
    let cast = if db.get_database_backend() == DatabaseBackend::Postgres { "::bigint" } else { "" };
    let sql = format!("SELECT position{cast}, shard, number, mark FROM arrival_log ORDER BY position DESC");
    let rows = db.query_all_raw(Statement::from_string(db.get_database_backend(), sql)).await.expect("the log answers");
    let mut positions = BTreeMap::new();
    for row in rows {
        let position: i64 = row.try_get_by_index(0).expect("a number");
        let mark: Option<String> = row.try_get_by_index(3).expect("a text or none");
        let place = mark.map_or_else(
            || {
                let shard: i64 = row.try_get_by_index(1).expect("a number");
                Place::Event(i16::try_from(shard).expect("a shard"), row.try_get_by_index(2).expect("a number"))
            },
            Place::Mark,
        );
        positions.insert(place, position);
    }
    positions
}
