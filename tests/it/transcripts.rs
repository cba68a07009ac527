//! What a user sees: the help of every subcommand and the tables on a terminal, word for
//! word. A change that is meant to change them renews them:
//!
//! ```text
//! INSTA_UPDATE=always cargo test --test it transcripts
//! ```

use assert_cmd::Command;
use std::path::Path;

/// The standard output of a command that must succeed, run where the scenarios lie.
fn said(arguments: &[&str], out: Option<&Path>) -> String {
    let mut command = Command::cargo_bin("edgelm").expect("the binary is built");
    // How wide a terminal is must not matter: there is none.
    command.env_remove("COLUMNS").args(arguments);
    if let Some(out) = out {
        command.arg("--out").arg(out);
    }
    let output = command.output().expect("it starts");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {stderr}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

fn matches(name: &str, text: &str) {
    insta::with_settings!({ snapshot_path => "transcripts", prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!(name, text);
    });
}

#[test]
fn the_help_of_every_subcommand() {
    let help = said(&["--help"], None);
    let subcommands: Vec<&str> = help
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| !line.is_empty())
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .collect();
    assert_eq!(subcommands.len(), 25, "{subcommands:?}");
    matches("help", &help);
    for name in subcommands {
        matches(&format!("help-{name}"), &said(&[name, "--help"], None));
    }
}

#[test]
fn the_tables() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = Some(folder.path());
    let few = ["--replications", "4"];
    let sweep = [
        "run",
        "scenarios/fig3.ron",
        "--set",
        "sweep.values=[20, 40]",
    ];
    matches("run-sweep", &said(&[&sweep[..], &few].concat(), out));
    let point = ["run", "scenarios/tradeoff.ron"];
    matches("run-point", &said(&[&point[..], &few].concat(), out));
    let timeline = ["run", "scenarios/bursty.ron", "--set", "run.duration_s=1.5"];
    matches("run-timeline", &said(&[&timeline[..], &few].concat(), out));
    let gap = ["gap", "scenarios/gap.ron", "--set", "sweep.values=[4, 8]"];
    matches("gap", &said(&[&gap[..], &few].concat(), out));
    matches("list", &said(&["list"], None));
    matches("link", &said(&["link", "scenarios/fig3.ron"], None));
    let street = "link scenarios/fig3.ron --set channel.path_loss=UMi(carrier_ghz:3.5) \
                  --set channel.shadowing=Correlated --set channel.buildings=(indoor_share:1)";
    let street: Vec<&str> = street.split_whitespace().collect();
    matches("link-indoors", &said(&street, None));
    let table = ["table", "scenarios/tables/paper-fig2-shape.csv"];
    matches("table", &said(&table, None));
    let scenarios = ["scenarios/fig3.ron", "scenarios/tail.ron"];
    matches("check", &said(&[&["check"], &scenarios[..]].concat(), None));
}
