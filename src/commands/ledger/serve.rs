//! `holdpoint ledger serve`: the API of a ledger, until it is told to stop.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use anyhow::bail;
use tokio::sync::Notify;

use crate::app;
use crate::cli::ledger::serve::LedgerServeArgs;
use crate::commands::serve::{bind, limits, signals, watch_certificates};
use crate::commands::standard_error;
use crate::exit::Exit;
use crate::ledger::api::{self, Api, Guard};
use crate::ledger::store::{Access, Place, Store};
use crate::server::certificate::{CertificateFiles, Certificates};
use crate::server::listen::{self, Limits};
use crate::server::shutdown::Shutdown;

/// How long a connection may be without a request, or not take what it is sent.
const IDLE_TIMEOUT: Duration = Duration::from_mins(1);
/// From being told to stop to the end.
const DRAIN: Duration = Duration::from_secs(10);

/// Serves until it is told to stop.
///
/// # Errors
/// A ledger that cannot be opened, an address that cannot be listened on, plain http where it does not belong.
pub(super) fn execute(args: &LedgerServeArgs) -> anyhow::Result<Exit> {
    let certificates = certificates(args)?;
    if args.no_auth && !args.listen.ip().is_loopback() {
        bail!(
            "without tokens anybody could record on {}\nhint: `--no-auth` is for addresses of this machine, such as \
             127.0.0.1; elsewhere make tokens with `holdpoint ledger token`",
            args.listen
        );
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let served = runtime.block_on(serve(args, certificates));
    runtime.shutdown_timeout(Duration::from_secs(1));
    served.map(|()| Exit::Allow)
}

/// The certificate of the command line. Without one, only this machine is served.
fn certificates(args: &LedgerServeArgs) -> anyhow::Result<Option<Certificates>> {
    if let (Some(certificate), Some(key)) = (&args.tls_cert, &args.tls_key) {
        let files = CertificateFiles {
            certificate: certificate.clone(),
            key: key.clone(),
            client_ca: None,
            client_names: Vec::new(),
            minimum_1_2: false,
        };
        return Ok(Some(Certificates::load(files)?));
    }
    if args.listen.ip().is_loopback() || args.allow_insecure {
        return Ok(None);
    }
    bail!(
        "there is no certificate for {}, and tokens would travel in the clear\nhint: give `--tls-cert` and `--tls-key`, \
         listen on 127.0.0.1, or say `--allow-insecure` if the network in between is yours",
        args.listen
    );
}

async fn serve(args: &LedgerServeArgs, certificates: Option<Certificates>) -> anyhow::Result<()> {
    let store = Store::open(&Place::from(args.ledger.as_str()), Access::Create).await?;
    let (trigger, shutdown) = Shutdown::new();
    let guard = Guard { tokens: !args.no_auth, rate: NonZeroU32::new(args.rate) };
    let api = Api::new(store.clone(), guard, app::serve::clock(), shutdown.clone());
    let listener = bind(args.listen).await?;
    announce(listener.local_addr()?, certificates.is_some());
    let background = [
        tokio::spawn(signals::watch(trigger, Arc::new(Notify::new()))?),
        tokio::spawn(watch_certificates(certificates.clone())),
    ];
    let limits = Limits { idle_timeout: IDLE_TIMEOUT, ..limits(args.connections, DRAIN) };
    let end = listen::serve(listener, certificates, api::router(Arc::new(api)), limits, shutdown, Arc::default()).await;
    background.iter().for_each(tokio::task::JoinHandle::abort);
    store.close().await;
    Ok(end?)
}

/// The address, as it is after the port 0 got a number.
fn announce(address: SocketAddr, tls: bool) {
    let scheme = if tls { "https" } else { "http" };
    standard_error::write(&format!("answering on {scheme}://{address}"));
}
