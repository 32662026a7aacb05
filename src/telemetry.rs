//! Logs: to standard error, about holdpoint's own work only. See `docs/logging.md`. And [`traces`].

pub mod traces;

use std::io::{IsTerminal as _, stderr};

use clap::ValueEnum;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Layer as _, fmt};
use url::Url;

use traces::Traces;

/// How much is logged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum LogLevel {
    /// Nothing.
    Off,
    /// Failures.
    Error,
    /// What deserves a look.
    #[default]
    Warn,
    /// Each step of a decision.
    Info,
    /// Each request to a record source.
    Debug,
    /// Everything.
    Trace,
}

/// How a log line is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

impl LogLevel {
    const fn level(self) -> LevelFilter {
        match self {
            Self::Off => LevelFilter::OFF,
            Self::Error => LevelFilter::ERROR,
            Self::Warn => LevelFilter::WARN,
            Self::Info => LevelFilter::INFO,
            Self::Debug => LevelFilter::DEBUG,
            Self::Trace => LevelFilter::TRACE,
        }
    }
}

/// Starts logging, and traces to a collector where one is named: they are sent as long as what is returned lives.
/// Libraries are left out: what they log of requests is not ours to vouch for.
///
/// # Errors
/// An address of a collector that cannot be used.
pub fn start(level: LogLevel, format: LogFormat, collector: Option<&Url>) -> anyhow::Result<Option<Traces>> {
    let traces = collector.map(Traces::to).transpose()?;
    let targets = Targets::new().with_target("holdpoint", level.level());
    // A line that cannot be written is lost: to say so on the same stream would panic.
    let lines = match format {
        LogFormat::Text => {
            let color = stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
            fmt::layer().with_writer(stderr).with_ansi(color).log_internal_errors(false).boxed()
        }
        LogFormat::Json => fmt::layer().json().with_writer(stderr).log_internal_errors(false).boxed(),
    };
    let registry = tracing_subscriber::registry().with(lines.with_filter(targets));
    // A second start, as in tests that call commands in one process, keeps the first.
    drop(registry.with(traces.as_ref().map(Traces::layer)).try_init());
    Ok(traces)
}
