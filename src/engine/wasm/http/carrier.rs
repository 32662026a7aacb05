//! Who carries the requests of a plugin: a courier to the hosts that it was granted, or the stage of a test.

use std::sync::Arc;

use reqwest::{Client, Request};

use super::super::fault::{Failure, PluginFault};
use super::super::{Hosts, PluginSpec};
use super::courier::{Courier, Destination};
use super::exchange::{Answer, Broken, Patience};
use super::resolve::{Lookup, System};
use super::stage::Stage;

/// Who carries them.
#[derive(Clone)]
pub(in crate::engine::wasm) enum Carrier {
    Courier(Arc<Courier>),
    Stage(Arc<Stage>),
}

/// The way of one request that may be sent.
pub(super) enum Way {
    Network(Arc<Courier>, Client),
    Stage(Arc<Stage>),
}

impl Carrier {
    /// The one of a plugin that sends requests.
    ///
    /// # Errors
    /// When there can be no connections, without the plugin's name.
    pub(in crate::engine::wasm) fn of(spec: &PluginSpec) -> Result<Self, PluginFault> {
        match &spec.http {
            Hosts::Granted(grants) => {
                let lookup: Arc<dyn Lookup> = Arc::new(System);
                Courier::new(&spec.name, grants, &lookup).map(|courier| Self::Courier(Arc::new(courier)))
            }
            Hosts::Staged(stage) => Ok(Self::Stage(Arc::clone(stage))),
        }
    }

    /// The way to this destination.
    ///
    /// # Errors
    /// When nothing may be sent there, or not like this.
    pub(super) fn way(&self, to: &Destination) -> Result<Way, Failure> {
        match self {
            Self::Courier(courier) => Ok(Way::Network(Arc::clone(courier), courier.client(to)?)),
            Self::Stage(stage) => to.check_scheme().map(|()| Way::Stage(Arc::clone(stage))),
        }
    }
}

impl Way {
    /// Sends a request. Dropped, it is given up.
    ///
    /// # Errors
    /// When there is no whole answer.
    pub(super) async fn send(self, request: Request, patience: Patience) -> Result<Answer, Box<Broken>> {
        match self {
            Self::Network(courier, client) => courier.send(client, request, patience).await,
            Self::Stage(stage) => stage.answer(&request),
        }
    }
}
