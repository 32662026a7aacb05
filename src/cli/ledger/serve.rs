//! The command line of `ledger serve`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;

const EXAMPLES: &str = "\
Examples:
  holdpoint ledger serve
  holdpoint ledger serve --ledger /var/lib/holdpoint/ledger.db --listen 0.0.0.0:8443 --tls-cert tls.crt --tls-key tls.key
  HOLDPOINT_LEDGER=postgres://holdpoint@db.example.com/ledger holdpoint ledger serve

docs/ledger.md has more, and docs/ledger.openapi.json describes the API.

Ends with 0 after SIGTERM or Ctrl-C, when all requests are answered; with 2 when it cannot start.";

/// Arguments of `ledger serve`.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct LedgerServeArgs {
    /// The file of the ledger, which is made when it is missing, or the URL of a PostgreSQL database.
    #[arg(
        long,
        value_name = "FILE|URL",
        default_value = "ledger.db",
        env = "HOLDPOINT_LEDGER",
        hide_env_values = true
    )]
    pub ledger: String,
    /// Where to answer. Without a certificate only on an address of this machine.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8420", env = "HOLDPOINT_LEDGER_LISTEN")]
    pub listen: SocketAddr,
    /// The certificate in PEM, with its chain behind it. It is read again when it changes.
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,
    /// The private key of the certificate in PEM.
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,
    /// Answer in the clear on any address. Tokens travel in the clear then.
    #[arg(long, conflicts_with = "tls_cert")]
    pub allow_insecure: bool,
    /// Ask for no tokens; only on an address of this machine.
    #[arg(long)]
    pub no_auth: bool,
    /// Connections at a time; others wait.
    #[arg(long, value_name = "NUMBER", default_value_t = 1024)]
    pub connections: usize,
    /// Requests a second from one address, and twice as many at once; 0 for any number.
    #[arg(long, value_name = "NUMBER", default_value_t = 500)]
    pub rate: u32,
}
