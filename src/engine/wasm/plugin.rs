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

use super::allocation::{Allocation, Places};
use super::bindings::{log, records, secrets, types};
use super::clock::{Deadline, Ticker};
use super::fault::{self, Failure, PluginFault};
use super::host::{Secrets, State};
use super::http::{self, Carrier};
use super::inspect::{Inspection, inspect};
use super::limits::{self, MOST_BYTES_ACROSS};
use super::view::View;
use super::{PluginSpec, apart, code, convert, metadata};

/// What all plugins of an engine run in.
pub(super) struct Runtime {
    engine: Engine,
    ticker: Ticker,
    places: Places,
}

impl Runtime {
    /// Starts the engine and its clock. `memory` is the largest limit of a plugin, in bytes.
    ///
    /// # Errors
    /// When this machine has no room for them.
    pub(super) fn start(allocation: Allocation, memory: u64) -> wasmtime::Result<Self> {
        let mut config = limits::config();
        allocation.apply(&mut config, memory);
        let engine = Engine::new(&config)?;
        Ok(Self { ticker: Ticker::start(&engine)?, engine, places: Places::new(allocation) })
    }
}

/// A plugin, ready to be asked.
pub(super) struct Plugin {
    pub(super) name: String,
    pub(super) metadata: PluginMetadata,
    pub(super) report: PluginReport,
    runtime: Arc<Runtime>,
    linked: InstancePre<State>,
    exports: Exports,
    /// What it is from outside, and what it needs.
    pub(super) inspection: Inspection,
    pub(super) needs: BTreeSet<Need>,
    http: Vec<HostGrant>,
    secrets: Secrets,
    /// Of one that sends requests.
    carrier: Option<Carrier>,
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
    pub(super) fn load(spec: &PluginSpec, runtime: &Arc<Runtime>, code: &code::Code) -> Result<Self, PluginFault> {
        let inspection = inspect(&spec.component)?;
        let needs = inspection.needs()?;
        check_grants(spec, &needs)?;
        let component = code.component(&runtime.engine, spec)?;
        let carrier = needs.contains(&Need::Http).then(|| Carrier::of(spec)).transpose()?;
        let linked = linker(&runtime.engine, carrier.is_some()).and_then(|linker| linker.instantiate_pre(&component));
        let linked = linked.map_err(|error| misfit(&error))?;
        let exports = exports(&component, &inspection.export)?;
        let report = PluginReport {
            name: spec.name.clone(),
            version: String::new(),
            digest: spec.component.digest(),
            contract: inspection.contract.clone(),
            origin: spec.origin.clone(),
            replayable: spec.http.granted().is_empty(),
        };
        let mut plugin = Self {
            name: spec.name.clone(),
            metadata: PluginMetadata::default(),
            report,
            runtime: Arc::clone(runtime),
            linked,
            exports,
            inspection,
            needs,
            http: spec.http.granted().to_vec(),
            secrets: Arc::clone(&spec.secrets),
            carrier,
            timeout: spec.timeout,
            memory: spec.memory,
        };
        plugin.describe()?;
        let of_metadata = |why: String| Failure::of_answer(&why).into_fault("asked what it is");
        metadata::check(&plugin.metadata).map_err(of_metadata)?;
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
        let redact = |text: &str| called.state.redacted(text);
        let described = called
            .result
            .and_then(|(metadata,)| convert::metadata(metadata, redact).map_err(|why| Failure::of_answer(&why)));
        self.metadata = described.map_err(|failure| failure.into_fault("asked what it is"))?;
        self.report.version.clone_from(&self.metadata.version);
        Ok(())
    }

    /// What the plugin has to say against these parameters.
    ///
    /// # Errors
    /// When it could not be asked.
    pub(super) fn check_parameters(&self, parameters: &str) -> Result<Vec<String>, PluginFault> {
        let called: Called<(Result<(), Vec<String>>,)> = self.call(self.exports.check_parameters, (parameters,), None);
        let fault = |failure: Failure| failure.into_fault("asked to check parameters").of(&self.name);
        let (said,) = called.result.map_err(fault)?;
        Ok(match said {
            Ok(()) => Vec::new(),
            // Refused is refused, with or without words.
            Err(why) if why.is_empty() => vec!["the parameters are refused without a word".to_owned()],
            Err(why) => why.iter().map(|text| called.state.redacted(text)).collect(),
        })
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

    /// Calls a function of a fresh instance, when there is a place for it. Whatever goes wrong is a failure.
    fn call<P, R>(&self, export: ComponentExportIndex, parameters: P, view: Option<Arc<View>>) -> Called<R>
    where
        P: ComponentNamedList + Lower,
        R: ComponentNamedList + Lift + 'static,
    {
        let called = self.runtime.places.take(self.timeout).ok_or_else(|| fault::of_waiting(self.timeout));
        let called = called.and_then(|_place| fault::caught(|| self.attempt(export, parameters, view)));
        called.unwrap_or_else(|failure| Called { result: Err(failure), state: self.state(None) })
    }

    /// The state of a call that begins now.
    fn state(&self, view: Option<Arc<View>>) -> State {
        State::new(view, Arc::clone(&self.secrets), Deadline::after(self.timeout), self.memory)
    }

    fn attempt<P, R>(&self, export: ComponentExportIndex, parameters: P, view: Option<Arc<View>>) -> Called<R>
    where
        P: ComponentNamedList + Lower,
        R: ComponentNamedList + Lift + 'static,
    {
        let mut store = self.store(view);
        let running = self.runtime.ticker.run();
        let result = match &self.carrier {
            None => self
                .linked
                .instantiate(&mut store)
                .and_then(|instance| instance.get_typed_func::<P, R>(&mut store, export)?.call(&mut store, parameters)),
            Some(_) => self.call_apart(&mut store, export, parameters),
        };
        drop(running);
        let result = match store.data().refusal() {
            // Whatever it made of that, the rule did not get what it rests on.
            Some(refusal) => Err(refusal),
            None => result.map_err(|error| fault::of_call(&error, store.data())),
        };
        let state = store.into_data();
        Called { result: result.map_err(|failure| failure.redacted(|text| state.redacted(text))), state }
    }

    fn store(&self, view: Option<Arc<View>>) -> Store<State> {
        let mut store = Store::new(&self.runtime.engine, self.state(view));
        if let Some(carrier) = &self.carrier {
            store.data_mut().open(carrier);
        }
        store.limiter(|state| &mut state.memory);
        store.set_hostcall_fuel(MOST_BYTES_ACROSS);
        store.set_epoch_deadline(1);
        // One that waits for answers in a loop of its own lets them come in.
        let apart = self.carrier.is_some();
        store.epoch_deadline_callback(move |context| {
            let go_on = if apart { UpdateDeadline::Yield(1) } else { UpdateDeadline::Continue(1) };
            Ok(if context.data().deadline.is_over() { UpdateDeadline::Interrupt } else { go_on })
        });
        store
    }

    /// Calls one that waits for others. While it waits no code of it runs that could be interrupted, so the waiting
    /// itself has to end in time: on a thread of its own, since the caller's may be one that must not wait.
    fn call_apart<P, R>(
        &self,
        store: &mut Store<State>,
        export: ComponentExportIndex,
        parameters: P,
    ) -> wasmtime::Result<R>
    where
        P: ComponentNamedList + Lower,
        R: ComponentNamedList + Lift + 'static,
    {
        let left = store.data().deadline.left();
        apart::run(left, async move {
            let instance = self.linked.instantiate_async(&mut *store).await?;
            instance.get_typed_func::<P, R>(&mut *store, export)?.call_async(&mut *store, parameters).await
        })
    }
}

/// Refuses what is imported and not granted, with the line that would grant it.
fn check_grants(spec: &PluginSpec, needs: &BTreeSet<Need>) -> Result<(), PluginFault> {
    for need in needs {
        let granted = match need {
            Need::Http => spec.http.is_granted(),
            Need::Secrets => !spec.secrets.is_empty(),
        };
        if !granted {
            let (what, line) = (need.purpose(), need.line());
            let message = format!("it wants to {what}, which is not granted");
            let hint = format!(
                "if it should, add `{line}` to `plugins.{}` of the configuration, which has to have it: one that only the \
                 command line names is granted nothing",
                spec.name
            );
            return Err(PluginFault::new(message, hint));
        }
    }
    Ok(())
}

fn linker(engine: &Engine, outside: bool) -> wasmtime::Result<Linker<State>> {
    let mut linker = Linker::new(engine);
    types::add_to_linker::<_, HasSelf<_>>(&mut linker, |state: &mut State| state)?;
    log::add_to_linker::<_, HasSelf<_>>(&mut linker, |state: &mut State| state)?;
    records::add_to_linker::<_, HasSelf<_>>(&mut linker, |state: &mut State| state)?;
    secrets::add_to_linker::<_, HasSelf<_>>(&mut linker, |state: &mut State| state)?;
    if outside {
        http::add_to_linker(&mut linker)?;
    }
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
    PluginFault::new(
        message,
        "use a holdpoint that has what it asks for, or build it against plugins/wit/plugin.wit of this one",
    )
}
