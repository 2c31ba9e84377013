//! The server runs, answers, and is gone afterwards.

use cluster::{Binaries, Cluster, Durability};

#[test]
fn a_server_starts_answers_and_leaves_nothing_behind() {
    if Binaries::find().is_none() {
        assert!(std::env::var_os("CI").is_none(), "{}", cluster::MISSING);
        eprintln!("{}", cluster::MISSING);
        return;
    }
    let server = Cluster::start(Durability::Off).expect("starts");
    server.execute("CREATE DATABASE answers").expect("takes statements");
    assert!(server.execute("CREATE DATABASE answers").is_err(), "an error of the server is an error here");
    let directory = server.directory().to_path_buf();
    assert!(directory.is_dir());
    drop(server);
    assert!(!directory.exists(), "its data is left behind");
}
