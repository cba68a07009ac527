//! The same scenario and seed give the same bytes of results, on any number of
//! threads; another seed gives others.

use assert_cmd::Command;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// Runs a small study; returns every file it wrote, and its stdout.
fn run(more: &[&str]) -> (BTreeMap<String, Vec<u8>>, Vec<u8>) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let out = folder.path().to_string_lossy().into_owned();
    let stdout = Command::cargo_bin("edgelm")
        .expect("the binary is built")
        .args([
            "run",
            "scenarios/fig3.ron",
            "--replications",
            "60",
            "--out",
            &out,
        ])
        .args(["--set", "sweep.values=[20, 40]"])
        .args(more)
        .assert()
        .success()
        .get_output()
        .stdout
        .clone();
    let files = fs::read_dir(folder.path().join("fig3"))
        .expect("the results' folder")
        .map(|entry| {
            let path = entry.expect("an entry").path();
            let name = path.file_name().map(Path::new).expect("a name");
            (
                name.to_string_lossy().into_owned(),
                fs::read(&path).expect("a file"),
            )
        })
        .collect();
    (files, stdout)
}

#[test]
fn threads_do_not_change_a_byte() {
    let one = run(&["--threads", "1"]);
    for name in [
        "results.csv",
        "results.json",
        "accuracy.png",
        "delay_mean.png",
        "delay_ccdf.png",
    ] {
        assert!(one.0.contains_key(name), "no {name}");
    }
    let histograms = one.0.keys().filter(|name| name.ends_with(".hgrm")).count();
    assert_eq!(histograms, 2 * 5);
    for threads in ["2", "8"] {
        assert!(one == run(&["--threads", threads]), "{threads} threads");
    }
}

#[test]
fn another_seed_gives_other_results() {
    let (files, _) = run(&[]);
    let (others, _) = run(&["--seed", "2"]);
    assert_ne!(files["results.csv"], others["results.csv"]);
}

#[test]
fn a_users_draws_do_not_depend_on_how_many_there_are() {
    use edgelm::experiment::world_model;
    use edgelm::scenario::Scenario;
    use edgelm::uncertainty::Table;
    use edgelm::world::World;
    use edgelm::world::streams::StreamKey;

    let model = |users| {
        let text = format!("(users: (count: {users}), policies: [LocalAll])");
        let scenario = Scenario::from_ron(&text).expect("valid");
        world_model(&scenario, &Table::default())
    };
    let (few, many) = (model(5), model(50));
    let key = StreamKey::root(3).index(7);
    let (few, many) = (World::draw(&few, key), World::draw(&many, key));
    for user in 0..5 {
        assert_eq!(few.users()[user], many.users()[user]);
        assert_eq!(few.links(user), many.links(user));
        assert_eq!(few.query(user, 0, None), many.query(user, 0, None));
    }
    assert_eq!(few.servers(), many.servers());
}
