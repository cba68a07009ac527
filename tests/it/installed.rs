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
    let power = "users.tx_power_mw\n    Transmit power of each, P (paper).\n\n    Default: 200\n";
    assert_eq!(explained("users.tx_power_mw"), power);
    assert_eq!(explained("tx_power_mw"), power);
    assert!(explained("Rician").starts_with("channel.fading\n"));
    assert!(explained("run").contains("\nrun.duration_s "));
    let absent = explained("energy.device_j_per_gflop");
    assert!(
        absent.contains("Absent by default; for example: 0.05"),
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

#[test]
fn every_subcommand_has_a_manual_page() {
    let folder = tempfile::tempdir().unwrap();
    let (code, _, stderr) = edgelm(folder.path(), &["man", "share/man1"]);
    assert_eq!(code, 0, "{stderr}");
    let page =
        |name: &str| fs::read_to_string(folder.path().join("share/man1").join(name)).unwrap();
    assert!(page("edgelm.1").contains("explain"));
    for subcommand in ["run", "find", "explain", "merge"] {
        let text = page(&format!("edgelm-{subcommand}.1"));
        assert!(
            text.starts_with(".") && text.contains("SH SYNOPSIS"),
            "{subcommand}"
        );
    }
}

#[test]
fn several_scenarios_are_run_one_after_the_other() {
    let folder = tempfile::tempdir().unwrap();
    let scenario = "(users: (count: 3), replications: 2, policies: [EdgeAll])";
    for name in ["a.ron", "b.ron", "broken.ron"] {
        let text = if name == "broken.ron" { "(" } else { scenario };
        fs::write(folder.path().join(name), text).unwrap();
    }
    let (code, stdout, stderr) = edgelm(folder.path(), &["run", "a.ron", "b.ron"]);
    assert_eq!(code, 0, "{stderr}");
    assert_eq!(stdout.matches("EdgeAll").count(), 2);
    for name in ["a", "b"] {
        assert!(
            folder
                .path()
                .join("output")
                .join(name)
                .join("results.csv")
                .is_file()
        );
    }
    // All are looked at before any work, and none writes over another.
    fs::remove_dir_all(folder.path().join("output")).unwrap();
    let (code, _, _) = edgelm(folder.path(), &["run", "a.ron", "broken.ron"]);
    assert_eq!(code, 2);
    let (code, _, stderr) = edgelm(folder.path(), &["run", "a.ron", "./a.ron"]);
    assert_eq!(code, 2);
    assert!(stderr.contains("two scenarios would go to"), "{stderr}");
    assert!(!folder.path().join("output").exists());
}

#[test]
fn quiet_says_nothing_but_warnings_and_verbose_says_more() {
    let folder = tempfile::tempdir().unwrap();
    let scenario = "(users: (count: 3), replications: 20, policies: [EdgeAll])";
    fs::write(folder.path().join("a.ron"), scenario).unwrap();
    let (_, loud, said) = edgelm(folder.path(), &["run", "a.ron"]);
    let (code, quiet, silence) = edgelm(folder.path(), &["run", "a.ron", "--quiet"]);
    assert!(said.contains("files written to"), "{said}");
    assert_eq!((code, &quiet), (0, &loud));
    assert!(!silence.contains("written"), "{silence}");
    assert!(
        silence.lines().all(|line| line.starts_with("warning")),
        "{silence}"
    );
    let (code, verbose, more) = edgelm(folder.path(), &["run", "a.ron", "-v"]);
    assert_eq!((code, verbose), (0, loud));
    for part in [
        "a: at most 3 users and 4 servers",
        "seed 1, policies:\n  EdgeAll\n",
        "\n  results.csv\n",
    ] {
        assert!(
            more.contains(part) && !said.contains(part),
            "{part}: {more}"
        );
    }
    let (code, _, stderr) = edgelm(folder.path(), &["run", "a.ron", "-v", "-q"]);
    assert_eq!(code, 2);
    assert!(stderr.contains("cannot be used with"), "{stderr}");
    let (code, _, stderr) = edgelm(folder.path(), &["run", "-q", "missing.ron"]);
    assert_eq!(code, 2);
    assert!(stderr.contains("missing.ron"), "{stderr}");
}
