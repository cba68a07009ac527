# Shortcuts for those who have just (`cargo install just`); nothing here needs it.

# What can be checked while you work: under a minute where most is compiled.
check:
    cargo fmt --all --check
    cargo clippy --locked --all-targets -- -D warnings
    RUSTDOCFLAGS="-D warnings" cargo doc --locked --no-deps

# The tests. `just test bad_input` runs a part.
test *part:
    cargo test --locked {{ part }}

# What pictures of the terminal, errors among them, changed: look at each, then accept.
snapshots:
    INSTA_UPDATE=always cargo test --locked --test it transcripts
    git diff --stat -- tests/it/snapshots

# Licences, sources and versions of what edgelm is built from. Needs cargo-deny.
deny:
    cargo deny --locked --workspace check bans licenses sources

# All that must hold before a change lands: minutes, the network, and root or not.
all:
    bash .ci/run
