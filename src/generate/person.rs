//! The people that messages go to: each has a number, and everything that vendors know it by follows from that.

use super::campaign::Channel;

/// Somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Person(pub u64);

const FIRST_NAMES: [&str; 24] = [
    "ada", "ben", "chloe", "dmitri", "elif", "farid", "grace", "hugo", "ines", "jun", "kofi", "lena", "mateo", "nora",
    "omar", "priya", "quinn", "rosa", "sven", "tara", "umar", "vera", "wei", "yara",
];
const LAST_NAMES: [&str; 25] = [
    "adler", "bauer", "castro", "dubois", "eriksen", "fischer", "garcia", "haddad", "ivanov", "jensen", "kaya",
    "lopez", "moreau", "nakamura", "okafor", "patel", "quist", "rossi", "silva", "tanaka", "ueda", "vargas", "weber",
    "xu", "young",
];
/// Numbers of seven digits there are for each area.
const NUMBERS_PER_AREA: u64 = 10_000_000;
/// The area kept for fiction; those behind it serve only where there are more people than it has numbers.
const FIRST_AREA: u64 = 555;

impl Person {
    /// Address for mails.
    pub fn email(self) -> String {
        let first = FIRST_NAMES[(self.0 % FIRST_NAMES.len() as u64) as usize];
        let last = LAST_NAMES[(self.0 % LAST_NAMES.len() as u64) as usize];
        format!("{first}.{last}.{}@example.com", self.0)
    }

    /// E.164 number.
    pub fn phone(self) -> String {
        format!("+1{}{:07}", FIRST_AREA + self.0 / NUMBERS_PER_AREA, self.0 % NUMBERS_PER_AREA)
    }

    /// The sender's own id.
    pub fn user_id(self) -> String {
        format!("shop-{:06}", self.0)
    }

    /// ActivatePro's id.
    pub fn activatepro_id(self) -> String {
        format!("AP{:07}", self.0)
    }

    /// A browser's cookie.
    pub fn vuid(self) -> String {
        format!("vuid{:028x}", self.0 + 1)
    }

    /// Pinpoint's id of what it writes to on a channel.
    pub fn endpoint(self, channel: Channel) -> String {
        format!("5f0c91d2-{:04x}-4e1b-9a60-{:012x}", channel as u16, self.0)
    }

    /// Token of the app on a phone.
    pub fn push_token(self) -> String {
        format!("dGtu{:024x}:APA91b{:032x}", self.0 + 1, self.0 + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::identifier::{Identifier, Normalized, normalize};

    /// What stands in a record is what is stored, so that a name leads back to its person.
    #[test]
    fn names_are_in_their_normal_form() {
        for number in [0, 1, 599, 9_999_999, 10_000_000, 123_456_789, 4_000_000_000] {
            let person = Person(number);
            for (name, value) in [
                ("email", person.email()),
                ("phone", person.phone()),
                ("user_id", person.user_id()),
                ("activatepro_id", person.activatepro_id()),
                ("vuid", person.vuid()),
                ("pinpoint_endpoint", person.endpoint(Channel::Email)),
                ("gcm_push_token", person.push_token()),
            ] {
                let identifier = Identifier { name: name.to_owned(), value: value.clone() };
                assert_eq!(normalize(name, &value), Normalized::Identifier(identifier));
            }
        }
    }
}
