//! What a key admits to: scopes, what each may do, and how a key is hashed. Every key belongs to one workspace.

/// What the holder of a key may do in its workspace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Write events, by every ingesting route.
    Ingest,
    /// What an ODP client ships in a browser: send ODP events, ask audiences of one identifier, nothing else.
    OdpPublic,
    /// Aggregates only, no personal data: for dashboards.
    Report,
    /// Ask everything, change nothing.
    Read,
    /// Everything.
    Admin,
}

/// One thing that a scope may or may not admit to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Permission {
    /// Write events in any form, by any route.
    IngestEvents,
    /// Send ODP events by the ODP routes.
    SendOdpEvents,
    /// Ask which audiences one identifier is in.
    AskAudiences,
    /// Read numbers that name nobody: campaigns, funnels, event types, settings.
    ReadAggregates,
    /// Read customers, identifiers, events and quarantined records.
    ReadPersonalData,
    /// Change campaigns, keys and settings.
    Administer,
}

impl Scope {
    /// Every scope, the narrowest first.
    pub const ALL: [Self; 5] = [Self::Ingest, Self::OdpPublic, Self::Report, Self::Read, Self::Admin];

    /// The name used on the command line and in the database.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ingest => "ingest",
            Self::OdpPublic => "odp_public",
            Self::Report => "report",
            Self::Read => "read",
            Self::Admin => "admin",
        }
    }

    /// The scope of a name, in any case.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.name().eq_ignore_ascii_case(name))
    }

    /// Whether the scope admits to something.
    pub fn allows(self, permission: Permission) -> bool {
        match self {
            Self::Admin => true,
            Self::Ingest => matches!(permission, Permission::IngestEvents | Permission::SendOdpEvents),
            Self::OdpPublic => matches!(permission, Permission::SendOdpEvents | Permission::AskAudiences),
            Self::Report => permission == Permission::ReadAggregates,
            Self::Read => matches!(
                permission,
                Permission::ReadAggregates | Permission::ReadPersonalData | Permission::AskAudiences
            ),
        }
    }
}

/// How every generated key begins, before its scope, so that people and secret scanners recognise one.
pub const KEY_PREFIX: &str = "cql_";

/// Number of characters of a key that are kept readable, to recognise it by: its scope and a few random ones.
pub const VISIBLE_KEY_CHARS: usize = 20;

/// What is stored of a key. Keys are 256 random bits, so that a plain hash cannot be reversed by guessing.
pub fn hash_key(key: &str) -> [u8; 32] {
    *blake3::hash(key.as_bytes()).as_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_back_to_their_scope() {
        for scope in Scope::ALL {
            assert_eq!(Scope::from_name(scope.name()), Some(scope));
        }
        assert_eq!(Scope::from_name("owner"), None);
    }

    #[test]
    fn only_read_and_admin_see_personal_data_and_only_admin_administers() {
        let who = |permission| Scope::ALL.into_iter().filter(|scope| scope.allows(permission)).collect::<Vec<_>>();
        assert_eq!(who(Permission::ReadPersonalData), [Scope::Read, Scope::Admin]);
        assert_eq!(who(Permission::ReadAggregates), [Scope::Report, Scope::Read, Scope::Admin]);
        assert_eq!(who(Permission::IngestEvents), [Scope::Ingest, Scope::Admin]);
        assert_eq!(who(Permission::SendOdpEvents), [Scope::Ingest, Scope::OdpPublic, Scope::Admin]);
        assert_eq!(who(Permission::Administer), [Scope::Admin]);
    }
}
