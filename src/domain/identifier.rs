//! Identifiers: (type, value) pairs that name a customer, their normal forms, and the values that mean nobody.

/// How far an identifier may be trusted to name one person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Confidence {
    /// Names one person: two customers that share one are the same and merge.
    High,
    /// A device, cookie or token: moves to the person it is named beside.
    Low,
}

/// One identifier, normalised.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Identifier {
    /// The type, such as `email`.
    pub name: String,
    /// The value in its normal form.
    pub value: String,
}
