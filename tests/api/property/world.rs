//! The people, campaigns and moments that random events are about.
//!
//! Nobody shares a device, and whoever has several sure names is named by all of them somewhere: so the customers do not
//! depend on the order of arrival. Moments are few and lie around the ends of days, so that ties, bursts and days matter.

use chrono::{DateTime, SecondsFormat};

use super::dice::Dice;

/// The workspace's zone: its days have 23 hours on 2026-03-08.
pub const ZONE: chrono_tz::Tz = chrono_tz::America::New_York;

/// Midnights, most of them in that zone: around a day of 23 hours, one after a day of 25, one of Kathmandu, and one of Lord
/// Howe before its clocks go back by half an hour.
const MIDNIGHTS: [&str; 9] = [
    "2026-03-07T05:00:00Z",
    "2026-03-08T05:00:00Z",
    "2026-03-09T04:00:00Z",
    "2026-03-07T05:00:00Z",
    "2026-03-08T05:00:00Z",
    "2026-03-09T04:00:00Z",
    "2026-11-02T05:00:00Z",
    "2026-03-07T18:15:00Z",
    "2026-04-05T13:30:00Z",
];

/// Milliseconds around a midnight at which something may happen.
const OFFSETS: [i64; 8] = [-3_600_000, -1_000, -1, 0, 400, 1_000, 1_001, 7_200_000];

/// Somebody: everything that names the same person.
pub struct Person {
    /// Identifiers that name one person, as (type, value).
    pub sure: Vec<(&'static str, String)>,
    /// Devices, cookies and tokens, as (type, value).
    pub loose: Vec<(&'static str, String)>,
}

impl Person {
    /// Any value of a type.
    pub fn any(&self, name: &str, dice: &Dice) -> Option<String> {
        let all: Vec<&String> = self.names().filter(|(known, _)| *known == name).map(|(_, value)| value).collect();
        (!all.is_empty()).then(|| dice.pick(&all).clone())
    }

    /// Everything that names it.
    pub fn names(&self) -> impl Iterator<Item = &(&'static str, String)> {
        self.sure.iter().chain(&self.loose)
    }
}

/// All people.
pub struct World {
    /// Everybody.
    pub people: Vec<Person>,
}

impl World {
    /// Twenty people.
    pub fn new() -> Self {
        Self { people: (0..20).map(person).collect() }
    }

    /// Somebody.
    pub fn anybody(&self, dice: &Dice) -> &Person {
        &self.people[dice.below(self.people.len())]
    }

    /// Somebody with a value of this type, and the value.
    pub fn somebody_with(&self, name: &str, dice: &Dice) -> (&Person, String) {
        let having: Vec<&Person> =
            self.people.iter().filter(|person| person.names().any(|(known, _)| *known == name)).collect();
        let person = dice.pick(&having);
        let value = person.any(name, dice).expect("chosen for having one");
        (person, value)
    }
}

fn person(index: usize) -> Person {
    let email = ("email", format!("p{index}@example.test"));
    let other_email = ("email", format!("second.p{index}@example.test"));
    let phone = ("phone", format!("+4930901820{index:02}"));
    let user = ("user_id", format!("user-{index}"));
    let fullstack = ("fs_user_id", format!("fs-{index}"));
    let activatepro = ("activatepro_id", format!("AP{index}"));
    let endpoint = ("pinpoint_endpoint", format!("endpoint-{index}-a"));
    let other_endpoint = ("pinpoint_endpoint", format!("endpoint-{index}-b"));
    let cookie = ("vuid", format!("vuid{index}"));
    let token = ("android_push_token", format!("token-{index}"));
    let (sure, loose) = match index % 7 {
        0 | 1 => (vec![email, phone, user, fullstack, activatepro], vec![endpoint, other_endpoint, cookie, token]),
        2 => (vec![email, user, other_email], vec![endpoint]),
        3 => (vec![activatepro], vec![]),
        4 => (vec![user, phone], vec![endpoint, other_endpoint]),
        5 => (vec![], vec![endpoint, other_endpoint, cookie]),
        _ => (vec![activatepro, email], vec![cookie, token]),
    };
    Person { sure, loose }
}

/// A moment, in milliseconds since 1970.
pub fn moment(dice: &Dice) -> i64 {
    let midnight = DateTime::parse_from_rfc3339(dice.pick(&MIDNIGHTS)).expect("a time").timestamp_millis();
    midnight + dice.pick(&OFFSETS)
}

/// A moment within two seconds of another.
pub fn soon_after(moment: i64, dice: &Dice) -> i64 {
    moment + dice.pick(&[0, 0, 300, 600, 1_000, 1_001, 2_000])
}

/// A moment as text.
pub fn text(moment: i64) -> String {
    DateTime::from_timestamp_millis(moment).expect("a time").to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// A link; there are few.
pub fn link(dice: &Dice) -> String {
    format!("https://example.test/{}", dice.pick(&["a", "b", "c", "d"]))
}
