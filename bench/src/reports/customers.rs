//! Profiles for a tenth of the people of the generated events, so that lists by attribute have something to walk.

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use crate::server::Server;

const PROFILES: usize = 100_000;
const BATCH: usize = 1_000;
const COUNTRIES: [&str; 8] = ["DE", "FR", "US", "GB", "ES", "IT", "PL", "SE"];

/// Sets attributes of customers that the store knows, found by pages.
pub async fn prepare(server: &Server) -> Result<()> {
    eprintln!("setting {PROFILES} profiles");
    let numbers: Vec<usize> = (0..PROFILES).collect();
    for batch in numbers.chunks(BATCH) {
        let profiles: Vec<Value> = batch.iter().map(|number| profile(*number)).collect();
        let request = server.client.post(format!("{}/v3/profiles", server.address)).json(&profiles);
        let status = request.send().await?.status();
        ensure!(status.is_success(), "profiles were answered {status}");
    }
    Ok(())
}

fn profile(number: usize) -> Value {
    json!({"attributes": {
        "email": email(number as u64 * 10), "country": COUNTRIES[number % COUNTRIES.len()], "score": number % 1_000,
        "city": format!("city-{}", number % 500),
    }})
}

/// The address that the generator gives the person of a number.
fn email(number: u64) -> String {
    const FIRST: [&str; 24] = [
        "ada", "ben", "chloe", "dmitri", "elif", "farid", "grace", "hugo", "ines", "jun", "kofi", "lena", "mateo",
        "nora", "omar", "priya", "quinn", "rosa", "sven", "tara", "umar", "vera", "wei", "yara",
    ];
    const LAST: [&str; 25] = [
        "adler", "bauer", "castro", "dubois", "eriksen", "fischer", "garcia", "haddad", "ivanov", "jensen", "kaya",
        "lopez", "moreau", "nakamura", "okafor", "patel", "quist", "rossi", "silva", "tanaka", "ueda", "vargas",
        "weber", "xu", "young",
    ];
    format!("{}.{}.{number}@example.com", FIRST[(number % 24) as usize], LAST[(number % 25) as usize])
}
