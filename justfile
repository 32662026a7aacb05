# The commands of daily work. Continuous integration calls the same script.

# Lists the recipes.
default:
    @just --list

# Formatting, and clippy with warnings denied.
lint:
    .ci/run lint

# Every test, those of the policies included.
test:
    .ci/run test

# Builds the plugins in plugins/ from source, or the ones named, into plugins/target/components.
plugins *names:
    plugins/build {{names}}

# What the chart renders, compared with tests/chart/expected; `just chart --update` writes that anew.
chart *arguments:
    tests/chart/run "$(tests/e2e/build)/helm" {{arguments}}

# holdpoint before a real API server: all cases, or those whose names match.
e2e *patterns:
    tests/e2e/run {{patterns}}

# The promotion gate for GitHub: its scripts, its workflows, and the action itself.
action:
    .ci/run action

# The container image of a static program, and containers of it.
image:
    .ci/run image

# The library's documentation, with warnings denied.
docs:
    .ci/run docs

# Bans, licences and sources of the dependencies.
deny:
    .ci/run deny

# Benchmarks; benches/README.md has the method and the last figures.
bench:
    cargo bench --locked

# Writes the generated files anew; tests keep them fresh.
generate:
    cargo run --locked --quiet -- schema > docs/holdpoint.schema.json
    cargo run --locked --quiet -- schema --input > docs/input.schema.json
    cargo run --locked --quiet -- schema --data > docs/data.schema.json
    HOLDPOINT_WRITE_PAGES=1 cargo test --locked --quiet policy_pages

# All that continuous integration checks.
ci:
    .ci/run
