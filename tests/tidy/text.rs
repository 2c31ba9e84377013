//! What must not be in any file of the tree: traces of one machine, hosts of package registries, large fixtures.

use crate::Complaint;

const MAX_FIXTURE_BYTES: usize = 64 * 1024;

/// Directories of one machine. Put together here, so that this file passes its own check.
const MACHINE_PATHS: [&str; 4] =
    [concat!("/", "work/"), concat!("/", "tmp/"), concat!("/", "root/"), concat!("/", "home/")];

const REGISTRY_HOSTS: [&str; 5] = [
    concat!("crates", ".io"),
    concat!("registry.npmjs", ".org"),
    concat!("pypi", ".org"),
    concat!("pythonhosted", ".org"),
    concat!("proxy.golang", ".org"),
];

/// The folder beside the checkout that only CI may know.
const BESIDE_CHECKOUT: &str = concat!("..", "/shared");

/// Paths of one machine and hosts of registries. Cargo writes its registry into the lock file itself.
pub fn machine_traces(path: &str, content: &str) -> Vec<Complaint> {
    if path == "Cargo.lock" {
        return Vec::new();
    }
    let beside = (path != ".ci/run").then_some(BESIDE_CHECKOUT);
    let mut complaints = Vec::new();
    for (number, line) in content.lines().enumerate() {
        let paths = MACHINE_PATHS.into_iter().filter(|trace| holds_path(line, trace));
        let hosts = REGISTRY_HOSTS.into_iter().chain(beside).filter(|trace| line.contains(trace));
        complaints.extend(paths.chain(hosts).map(|trace| Complaint::new(path, number + 1, format!("names `{trace}`"))));
    }
    complaints
}

/// Fixtures are for reading: a large one belongs into a generator.
pub fn large_fixture(path: &str, bytes: usize) -> Vec<Complaint> {
    if !path.contains("fixtures/") || bytes <= MAX_FIXTURE_BYTES {
        return Vec::new();
    }
    vec![Complaint::new(path, 1, format!("{bytes} bytes of a fixture exceed {MAX_FIXTURE_BYTES}"))]
}

/// A path from the root: within a longer one (`example.com/home/`, `src/work/`) the name is no machine's.
fn holds_path(line: &str, trace: &str) -> bool {
    let at_start = |at: usize| !line[..at].ends_with(|c: char| c.is_alphanumeric() || "._-".contains(c));
    line.match_indices(trace).any(|(at, _)| at_start(at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_of_one_machine_fails() {
        for trace in MACHINE_PATHS {
            assert_eq!(machine_traces("README.md", &format!("run it in {trace}x")).len(), 1, "{trace}");
        }
        assert_eq!(machine_traces("README.md", "see https://example.com/home/ and target/"), []);
    }

    #[test]
    fn a_registry_host_fails_outside_the_lock_file() {
        for host in REGISTRY_HOSTS {
            assert_eq!(machine_traces("README.md", &format!("a\nhttps://{host}/x")).len(), 1, "{host}");
            assert_eq!(machine_traces("Cargo.lock", host), []);
        }
    }

    #[test]
    fn only_ci_knows_the_folder_beside_the_checkout() {
        assert_eq!(machine_traces("tests/api/samples.rs", BESIDE_CHECKOUT).len(), 1);
        assert_eq!(machine_traces(".ci/run", BESIDE_CHECKOUT), []);
    }

    #[test]
    fn a_large_fixture_fails() {
        assert_eq!(large_fixture("tests/fixtures/odp/basic.json", MAX_FIXTURE_BYTES + 1).len(), 1);
        assert_eq!(large_fixture("tests/fixtures/odp/basic.json", MAX_FIXTURE_BYTES), []);
        assert_eq!(large_fixture("Cargo.lock", MAX_FIXTURE_BYTES + 1), []);
    }
}
