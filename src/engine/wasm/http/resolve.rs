//! Names to addresses, each of them checked before anything is sent to it. The addresses that were checked are those
//! that are connected to: there is no second question that could be answered in another way.

use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::domain::grant::HostGrant;

use super::address;

/// The most addresses of one name that are tried.
const MOST_ADDRESSES: usize = 16;

/// The addresses of a name.
pub(super) type Found = Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>>;

/// Who is asked for the addresses of a name.
pub(super) trait Lookup: Send + Sync {
    fn lookup(&self, name: &str) -> Found;
}

/// The resolver of the machine.
pub(super) struct System;

impl Lookup for System {
    fn lookup(&self, name: &str) -> Found {
        let name = name.to_owned();
        Box::pin(async move {
            let found = tokio::net::lookup_host((name, 0)).await?;
            Ok(found.map(|address| address.ip()).collect())
        })
    }
}

/// A name stands for an address that its grant does not give.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{host}` stands for {address}, which is {what} address")]
pub(super) struct Refused {
    host: String,
    pub(super) address: IpAddr,
    what: &'static str,
}

/// Resolves the one host of a grant.
pub(super) struct Checked {
    pub(super) grant: Arc<HostGrant>,
    pub(super) lookup: Arc<dyn Lookup>,
}

impl Resolve for Checked {
    fn resolve(&self, name: Name) -> Resolving {
        let (grant, found) = (Arc::clone(&self.grant), self.lookup.lookup(name.as_str()));
        Box::pin(async move {
            let addresses: Vec<IpAddr> = found.await?.into_iter().take(MOST_ADDRESSES).collect();
            // One that may not be reached among others is no accident.
            if let Some(refused) = addresses.iter().find_map(|address| refused(&grant, *address)) {
                return Err(refused.into());
            }
            let addresses: Addrs = Box::new(addresses.into_iter().map(|address| SocketAddr::new(address, 0)));
            Ok(addresses)
        })
    }
}

fn refused(grant: &HostGrant, address: IpAddr) -> Option<Refused> {
    address::refusal(grant, address).map(|what| Refused { host: grant.host.clone(), address, what })
}
