# Shortcuts for those who have just (`cargo install just`); nothing here needs it.

# What can be checked while you work: under a minute where most is compiled.
check:
    cargo fmt --all --check
    cargo clippy --locked --all-targets -- -D warnings
    RUSTDOCFLAGS="-D warnings" cargo doc --locked --no-deps

# The tests. `just test bad_input` runs a part.
test *part:
    cargo test --locked {{ part }}

# Takes over the golden results as they are now: look at every difference.
golden:
    INSTA_UPDATE=always cargo test --locked --test it golden
    git diff --stat -- tests/it/golden

# Licences, sources and versions of what edgelm is built from. Needs cargo-deny.
deny:
    cargo deny --locked --workspace check bans licenses sources

# All that must hold before a change lands: minutes, the network, and root or not.
all:
    bash .ci/run
