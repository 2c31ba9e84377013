//! The arrows of `src/lib.rs`: which layer may use which, and that SQL stands in the store alone.

use crate::Complaint;
use crate::source::{take_apart, words};

/// Each layer with those it may use. `error` is open to all.
const LAYERS: [(&str, &[&str]); 12] = [
    ("error", &[]),
    ("domain", &[]),
    ("generate", &["domain"]),
    ("dialect", &["domain"]),
    ("store", &["domain"]),
    ("ingest", &["domain", "dialect", "store"]),
    ("analytics", &["domain", "store"]),
    ("graphql", &["domain", "dialect", "store", "ingest", "analytics"]),
    ("config", &["domain", "dialect", "store", "ingest"]),
    ("http", &["domain", "dialect", "store", "ingest", "analytics", "graphql", "config"]),
    ("command", &["domain", "generate", "dialect", "store", "ingest", "analytics", "graphql", "config", "http"]),
    ("main", &["command", "config"]),
];

/// Words of the database crates, which only the store may use.
const DATABASE_CRATES: [&str; 4] = ["sea_orm", "sea_query", "sqlx", "rusqlite"];

/// Uses of a layer by one that stands below it.
pub fn upward_uses(path: &str, content: &str) -> Vec<Complaint> {
    let Some(layer) = layer_of(path) else { return Vec::new() };
    let Some((_, allowed)) = LAYERS.iter().find(|(name, _)| *name == layer) else {
        return vec![Complaint::new(path, 1, format!("`{layer}` is no layer of src/lib.rs"))];
    };
    let code = take_apart(content).code;
    let fits = |used: &str| used == layer || used == "error" || allowed.contains(&used);
    let mut used = used_layers(&code);
    used.extend(climbed_layers(&code, module_depth(path)));
    used.into_iter()
        .filter(|(_, used)| !fits(used))
        .map(|(line, used)| Complaint::new(path, line, format!("`{layer}` must not use `{used}`")))
        .collect()
}

/// Database crates and SQL texts outside `src/store`; `src/error.rs` may name the crates, to convert their errors.
pub fn sql_outside_store(path: &str, content: &str) -> Vec<Complaint> {
    if !path.starts_with("src/") || path.starts_with("src/store/") {
        return Vec::new();
    }
    let source = take_apart(content);
    let mut complaints = Vec::new();
    if path != "src/error.rs" {
        for (line, name) in database_crates(&source.code) {
            complaints.push(Complaint::new(path, line, format!("only src/store may use `{name}`")));
        }
    }
    for (line, text) in source.texts.iter().filter(|(_, text)| is_sql(text)) {
        let start: String = text.trim_start().chars().take(20).collect();
        complaints.push(Complaint::new(path, *line, format!("SQL outside src/store: {start}")));
    }
    complaints
}

fn layer_of(path: &str) -> Option<&str> {
    let within = path.strip_prefix("src/")?;
    let layer = within.split('/').next()?.trim_end_matches(".rs");
    (layer != "lib").then_some(layer)
}

/// The layers behind every `crate::…`, also in groups such as `crate::{domain::x, store}`.
fn used_layers(code: &str) -> Vec<(usize, &str)> {
    let words = words(code);
    let mut used = Vec::new();
    for at in 0..words.len() {
        if words[at].1 != "crate" || words.get(at + 1).is_none_or(|(_, next)| *next != "::") {
            continue;
        }
        match words.get(at + 2) {
            Some((_, "{")) => used.extend(group_heads(&words[at + 3..])),
            Some((line, name)) => used.push((*line, *name)),
            None => {}
        }
    }
    used.retain(|(_, name)| LAYERS.iter().any(|(layer, _)| layer == name));
    used
}

/// The layers reached by climbing out of one's own with `super::`.
fn climbed_layers(code: &str, depth: usize) -> Vec<(usize, &str)> {
    let words = words(code);
    let mut used = Vec::new();
    let mut climbed = 0;
    for (at, (line, word)) in words.iter().enumerate() {
        match *word {
            "super" => climbed += 1,
            "::" if at > 0 && words[at - 1].1 == "super" => {}
            name => {
                if climbed >= depth && LAYERS.iter().any(|(layer, _)| *layer == name) {
                    used.push((*line, name));
                }
                climbed = 0;
            }
        }
    }
    used
}

/// How many `super` lead from a file's own module to the crate.
fn module_depth(path: &str) -> usize {
    let module = path.trim_start_matches("src/").trim_end_matches(".rs").trim_end_matches("/mod");
    module.split('/').count()
}

fn group_heads<'a>(words: &[(usize, &'a str)]) -> Vec<(usize, &'a str)> {
    let mut depth = 1;
    let mut at_head = true;
    let mut heads = Vec::new();
    for (line, word) in words {
        match *word {
            "{" => depth += 1,
            "}" => depth -= 1,
            _ if at_head && depth == 1 => heads.push((*line, *word)),
            _ => {}
        }
        at_head = *word == "," && depth == 1;
        if depth == 0 {
            break;
        }
    }
    heads
}

/// A crate's name counts at the head of a path only: `store::sqlx` would be another thing.
fn database_crates(code: &str) -> Vec<(usize, &str)> {
    let words = words(code);
    let heads = words.windows(2).enumerate().filter(|(at, pair)| {
        let follows_path = *at > 0 && words[at - 1].1 == "::";
        !follows_path && pair[1].1 == "::" && DATABASE_CRATES.contains(&pair[0].1)
    });
    heads.map(|(_, pair)| pair[0]).collect()
}

fn is_sql(text: &str) -> bool {
    let mut words = text.split_whitespace();
    match words.next() {
        Some("SELECT" | "UPDATE") => words.next().is_some(),
        Some("INSERT") => matches!(words.next(), Some("INTO" | "OR")),
        Some("DELETE") => words.next() == Some("FROM"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(complaints: Vec<Complaint>) -> Vec<String> {
        complaints.into_iter().map(|complaint| format!("{}: {}", complaint.line, complaint.rule)).collect()
    }

    #[test]
    fn an_upward_use_fails_and_a_downward_one_does_not() {
        let source = "//! x\nuse crate::{Error, domain::{kind, time},\n http::routes};\nlet x = crate::graphql::sdl();";
        let found = rules(upward_uses("src/store/campaign.rs", source));
        assert_eq!(found, ["3: `store` must not use `http`", "4: `store` must not use `graphql`"]);
        assert_eq!(upward_uses("src/command/serve.rs", source), []);
    }

    #[test]
    fn the_domain_uses_no_other_layer() {
        assert_eq!(upward_uses("src/domain/kind.rs", "use crate::dialect::odp;").len(), 1);
        assert_eq!(upward_uses("src/domain/kind.rs", "use crate::domain::time; use crate::Error;"), []);
    }

    #[test]
    fn a_new_folder_must_be_given_its_place() {
        assert_eq!(upward_uses("src/misc/x.rs", "").len(), 1);
    }

    #[test]
    fn climbing_out_of_a_layer_counts_as_a_use() {
        assert_eq!(upward_uses("src/store/mod.rs", "use super::graphql;").len(), 1);
        assert_eq!(upward_uses("src/store/campaign.rs", "use super::super::graphql::sdl;").len(), 1);
        assert_eq!(upward_uses("src/store/campaign.rs", "use super::http; use super::Store;"), []);
    }

    #[test]
    fn comments_do_not_count_as_uses() {
        assert_eq!(upward_uses("src/domain/kind.rs", "// crate::store::x\n/* crate::http */"), []);
    }

    #[test]
    fn sql_outside_the_store_fails() {
        let source = "let a = \"SELECT 1\"; let b = r#\"\n INSERT INTO x\"#; let c = \"DELETE\"; use sea_orm::Entity;";
        assert_eq!(sql_outside_store("src/ingest/commit.rs", source).len(), 3);
        assert_eq!(sql_outside_store("src/store/commit.rs", source), []);
    }

    #[test]
    fn the_error_type_may_convert_the_databases_errors() {
        assert_eq!(sql_outside_store("src/error.rs", "impl From<sqlx::Error> for Error {}"), []);
        assert_eq!(sql_outside_store("src/config.rs", "fn f(x: sqlx::Error) {}").len(), 1);
    }
}
