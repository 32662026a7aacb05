//! A loaded plugin: compiled, linked, and asked what it is. Each call gets an instance of its own.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use wasmtime::component::{
    Component, ComponentExportIndex, ComponentNamedList, HasSelf, InstancePre, Lift, Linker, Lower,
};
use wasmtime::{Engine, Store, UpdateDeadline};

use crate::domain::grant::{HostGrant, Need};
use crate::domain::plugin::{LoadedPlugin, PluginMetadata, PluginReport};

use super::bindings::{log, records, secrets, types};
use super::clock::{Deadline, Ticker};
use super::fault::{self, Failure, PluginFault};
use super::host::{Secrets, State};
use super::inspect;
use super::limits::MOST_BYTES_ACROSS;
use super::view::View;
use super::{PluginSpec, code, convert};

/// A plugin, ready to be asked.
pub(super) struct Plugin {
    pub(super) name: String,
    pub(super) metadata: PluginMetadata,
    pub(super) report: PluginReport,
    engine: Engine,
    ticker: Arc<Ticker>,
    linked: InstancePre<State>,
    exports: Exports,
    http: Vec<HostGrant>,
    secrets: Secrets,
    timeout: Duration,
    memory: u64,
}

#[derive(Clone, Copy)]
struct Exports {
    describe: ComponentExportIndex,
    check_parameters: ComponentExportIndex,
    evaluate: ComponentExportIndex,
}

/// What came of a call, and the state it left.
pub(super) struct Called<T> {
    pub(super) result: Result<T, Failure>,
    pub(super) state: State,
}

impl Plugin {
    /// Reads, compiles and links a component, and asks it what it is.
    ///
    /// # Errors
    /// Everything that keeps it from being used, without the plugin's name.
    pub(super) fn load(
        spec: &PluginSpec,
        engine: &Engine,
        ticker: &Arc<Ticker>,
        code: &code::Code,
    ) -> Result<Self, PluginFault> {
        let inspection = inspect(&spec.bytes)?;
        check_grants(spec, &inspection.needs()?)?;
        let component = code.component(engine, spec)?;
        let linked = linker(engine).and_then(|linker| linker.instantiate_pre(&component));
        let linked = linked.map_err(|error| misfit(&error))?;
        let exports = exports(&component, &inspection.export)?;
        let report = PluginReport {
            name: spec.name.clone(),
            version: String::new(),
            digest: spec.digest(),
            contract: inspection.contract,
            origin: spec.origin.clone(),
            replayable: spec.http.is_empty(),
        };
        let mut plugin = Self {
            name: spec.name.clone(),
            metadata: PluginMetadata::default(),
            report,
            engine: engine.clone(),
            ticker: Arc::clone(ticker),
            linked,
            exports,
            http: spec.http.clone(),
            secrets: Arc::clone(&spec.secrets),
            timeout: spec.timeout,
            memory: spec.memory,
        };
        plugin.describe()?;
        Ok(plugin)
    }

    /// What it is, and what it was granted.
    pub(super) fn listed(&self) -> LoadedPlugin {
        LoadedPlugin {
            report: self.report.clone(),
            title: Some(&self.metadata.title).filter(|title| !title.is_empty()).unwrap_or(&self.name).clone(),
            parameters: self.metadata.parameters.clone(),
            http: self.http.iter().map(HostGrant::to_string).collect(),
            secrets: self.secrets.keys().cloned().collect(),
        }
    }

    fn describe(&mut self) -> Result<(), PluginFault> {
        let called: Called<(types::Metadata,)> = self.call(self.exports.describe, (), None);
        let described =
            called.result.and_then(|(metadata,)| convert::metadata(metadata).map_err(|why| Failure::of_answer(&why)));
        let fault =
            |failure: Failure| PluginFault::new(format!("asked what it is, it {}", failure.message), failure.hint);
        self.metadata = described.map_err(fault)?;
        self.report.version.clone_from(&self.metadata.version);
        Ok(())
    }

    /// What the plugin has to say against these parameters.
    ///
    /// # Errors
    /// When it could not be asked.
    pub(super) fn check_parameters(&self, parameters: &str) -> Result<Vec<String>, PluginFault> {
        let called: Called<(Result<(), Vec<String>>,)> = self.call(self.exports.check_parameters, (parameters,), None);
        let (said,) = called.result.map_err(|failure| failure.into_fault(&self.name, "asked to check parameters"))?;
        Ok(said.err().unwrap_or_default())
    }

    /// Asks the question.
    pub(super) fn evaluate(
        &self,
        input: types::EvaluationInput,
        view: &Arc<View>,
    ) -> Called<Result<types::Verdict, String>> {
        let called: Called<(Result<types::Verdict, String>,)> =
            self.call(self.exports.evaluate, (input,), Some(Arc::clone(view)));
        Called { result: called.result.map(|(said,)| said), state: called.state }
    }

    fn call<P, R>(&self, export: ComponentExportIndex, parameters: P, view: Option<Arc<View>>) -> Called<R>
    where
        P: ComponentNamedList + Lower,
        R: ComponentNamedList + Lift,
    {
        let deadline = Deadline::after(self.timeout);
        let mut store = Store::new(&self.engine, State::new(view, Arc::clone(&self.secrets), deadline, self.memory));
        store.limiter(|state| &mut state.memory);
        store.set_hostcall_fuel(MOST_BYTES_ACROSS);
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(|context| {
            let over = context.data().deadline.is_over();
            Ok(if over { UpdateDeadline::Interrupt } else { UpdateDeadline::Continue(1) })
        });
        let running = self.ticker.run();
        let result = self
            .linked
            .instantiate(&mut store)
            .and_then(|instance| instance.get_typed_func::<P, R>(&mut store, export)?.call(&mut store, parameters));
        drop(running);
        let result = result.map_err(|error| fault::of_call(&error, store.data()));
        Called { result, state: store.into_data() }
    }
}

/// Refuses what is imported and not granted, with the line that would grant it.
fn check_grants(spec: &PluginSpec, needs: &BTreeSet<Need>) -> Result<(), PluginFault> {
    for need in needs {
        let granted = match need {
            Need::Http => !spec.http.is_empty(),
            Need::Secrets => !spec.secrets.is_empty(),
        };
        if !granted {
            let (what, line) = (need.purpose(), need.line());
            let message = format!("it wants to {what}, which is not granted");
            let hint =
                format!("if it should, add `{line}` to `plugins.{}`; its documentation names what it needs", spec.name);
            return Err(PluginFault::new(message, hint));
        }
    }
    Ok(())
}

fn linker(engine: &Engine) -> wasmtime::Result<Linker<State>> {
    let mut linker = Linker::new(engine);
    types::add_to_linker::<_, HasSelf<_>>(&mut linker, |state: &mut State| state)?;
    log::add_to_linker::<_, HasSelf<_>>(&mut linker, |state: &mut State| state)?;
    records::add_to_linker::<_, HasSelf<_>>(&mut linker, |state: &mut State| state)?;
    secrets::add_to_linker::<_, HasSelf<_>>(&mut linker, |state: &mut State| state)?;
    Ok(linker)
}

fn exports(component: &Component, interface: &str) -> Result<Exports, PluginFault> {
    let missing = |what: &str| {
        let message = format!("its `{interface}` has no `{what}`");
        PluginFault::new(message, "build it against plugins/wit/plugin.wit")
    };
    let rule = component.get_export_index(None, interface).ok_or_else(|| missing("rule"))?;
    let function = |name: &str| component.get_export_index(Some(&rule), name).ok_or_else(|| missing(name));
    Ok(Exports {
        describe: function("describe")?,
        check_parameters: function("check-parameters")?,
        evaluate: function("evaluate")?,
    })
}

fn misfit(error: &wasmtime::Error) -> PluginFault {
    let message = format!("it does not fit the contract: {error:#}");
    PluginFault::new(message, "build it against plugins/wit/plugin.wit of this version of holdpoint")
}
