//! The tool where only the tool is: scenarios that it carries, in a folder of its own.

use crate::command::run_in as edgelm;
use std::fs;
use std::path::Path;

/// Every scenario of the repository is carried, and a run of it by name gives the bytes of a
/// run of the file, the table that it names included.
#[test]
fn a_carried_scenario_runs_anywhere_as_its_file_does() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = tempfile::tempdir().expect("a folder");
    let (code, list, stderr) = edgelm(folder.path(), &["list"]);
    assert_eq!(code, 0, "{stderr}");
    let mut files = 0;
    for below in ["scenarios", "scenarios/systems"] {
        for entry in fs::read_dir(here.join(below)).expect("scenarios") {
            let path = entry.expect("an entry").path();
            if path.extension().is_some_and(|ending| ending == "ron") {
                files += 1;
                let name = path.strip_prefix(here.join("scenarios")).expect("below");
                let name = name.with_extension("").display().to_string();
                let listed = list
                    .lines()
                    .filter(|line| line.split(' ').next() == Some(&name));
                assert_eq!(listed.count(), 1, "{name} in {list}");
            }
        }
    }
    assert_eq!(list.lines().count(), files);
    let run = |folder: &Path, scenario: &str, out: &str| {
        let out = folder.join(out);
        let to = out.to_str().expect("UTF-8");
        let few = "sweep.values=[10, 20]";
        let arguments = [
            "run",
            scenario,
            "--replications",
            "2",
            "--set",
            few,
            "--out",
            to,
        ];
        let (code, said, stderr) = edgelm(folder, &arguments);
        assert_eq!(code, 0, "{stderr}");
        let results = fs::read(out.join("measured/results.json")).expect("results");
        (said, results)
    };
    let by_name = run(folder.path(), "measured", "name");
    assert_eq!(
        by_name,
        run(folder.path(), "scenarios/measured.ron", "place")
    );
    let file = here.join("scenarios/measured.ron");
    let by_file = run(folder.path(), file.to_str().expect("UTF-8"), "file");
    assert_eq!(by_name, by_file);
}

#[test]
fn a_scenario_of_ones_own_begins_with_a_commented_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    let (code, said, stderr) = edgelm(folder.path(), &["init", "mine", "--from", "measured"]);
    assert_eq!(code, 0, "{stderr}");
    assert!(
        said.ends_with("mine.ron\n") && said.lines().count() == 2,
        "{said}"
    );
    let text = fs::read_to_string(at("mine.ron")).expect("it is there");
    assert!(text.contains("//"), "with its comments");
    let (code, said, stderr) = edgelm(folder.path(), &["check", "mine.ron"]);
    assert_eq!(code, 0, "{stderr}");
    assert!(said.contains("mine"), "{said}");

    // Nothing is replaced.
    fs::write(at("mine.ron"), "my own").expect("writable");
    let (code, _, stderr) = edgelm(folder.path(), &["init", "mine"]);
    assert_eq!(code, 2);
    assert!(stderr.contains("mine.ron is there already"), "{stderr}");
    assert_eq!(fs::read_to_string(at("mine.ron")).expect("there"), "my own");

    // What edgelm does not carry can still be begun with.
    let (code, _, stderr) = edgelm(folder.path(), &["check", "azure-code"]);
    assert_eq!(code, 2);
    assert!(
        stderr.contains("edgelm carries no file AzureLLMInferenceTrace"),
        "{stderr}"
    );
    let (code, said, _) = edgelm(folder.path(), &["init", "azure", "--from", "azure-code"]);
    assert_eq!((code, &*said), (0, "azure.ron\n"));
}

#[test]
fn a_name_that_is_not_there_is_told_the_nearest() {
    let folder = tempfile::tempdir().expect("a folder");
    for (arguments, part) in [
        (
            &["run", "fig33"][..],
            "did you mean `fig3`, which edgelm carries?",
        ),
        (&["run", "zzzz"], "`edgelm list` shows"),
        (
            &["init", "a", "--from", "mesured"],
            "did you mean `measured`?",
        ),
    ] {
        let (code, said, stderr) = edgelm(folder.path(), arguments);
        assert_eq!((code, &*said), (2, ""), "{stderr}");
        assert!(stderr.contains(part), "no {part} in {stderr}");
    }
    assert_eq!(fs::read_dir(folder.path()).expect("the folder").count(), 0);
}

#[test]
fn shells_complete_every_subcommand() {
    let folder = tempfile::tempdir().expect("a folder");
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let (code, said, stderr) = edgelm(folder.path(), &["completions", shell]);
        assert_eq!(code, 0, "{stderr}");
        for name in ["run", "find", "calibrate", "such-that"] {
            assert!(said.contains(name), "{shell}: {name}");
        }
    }
}

#[test]
fn fields_are_explained_by_path_by_name_and_by_kind() {
    let folder = tempfile::tempdir().unwrap();
    let explained = |field: &str| {
        let (code, stdout, stderr) = edgelm(folder.path(), &["explain", field]);
        assert_eq!(code, 0, "{field}: {stderr}");
        stdout
    };
    let power = "users.tx_power_mw\n    Transmit power of each, P (paper).\n\n    default: 200\n";
    assert_eq!(explained("users.tx_power_mw"), power);
    assert_eq!(explained("tx_power_mw"), power);
    assert!(explained("Rician").starts_with("channel.fading\n"));
    assert!(explained("run").contains("\nrun.duration_s "));
    let absent = explained("energy.device_j_per_gflop");
    assert!(
        absent.contains("absent by default; for example: 0.05"),
        "{absent}"
    );
    let (code, all, _) = edgelm(folder.path(), &["explain"]);
    assert_eq!(code, 0);
    assert!(all.lines().count() > 80);
    assert!(
        all.lines().all(|line| line.split_whitespace().count() > 1),
        "{all}"
    );
    let (code, _, stderr) = edgelm(folder.path(), &["explain", "tx_powr"]);
    assert_eq!(code, 2);
    assert!(stderr.contains("did you mean `tx_power_mw`?"), "{stderr}");
}

#[test]
fn the_page_of_fields_is_what_the_tool_says() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (code, said, _) = edgelm(here, &["explain", "--markdown"]);
    assert_eq!(code, 0);
    let page = fs::read_to_string(here.join("docs/scenario.md")).expect("the page");
    assert!(
        page == said,
        "renew it: edgelm explain --markdown > docs/scenario.md"
    );
}
