//! `policy list`: the rules that a configuration would run.

use anyhow::bail;

use crate::app;
use crate::cli::policy::list::ListArgs;
use crate::commands::check::unknown_environment;
use crate::commands::write;
use crate::config::Config;
use crate::domain::catalogue::Catalogue;
use crate::exit::Exit;
use crate::output::{Style, catalogue};

/// Lists the rules of each environment, and the policies and plugins that no rule names.
///
/// # Errors
/// Wrong usage or configuration, a fault in policies, or output that cannot be written.
pub fn execute(args: &ListArgs, style: Style) -> anyhow::Result<Exit> {
    let config = Config::load(&args.config)?;
    if let Some(unknown) = args.environment.iter().find(|name| config.environments.get(name).is_none()) {
        bail!("{}", unknown_environment(unknown, &config));
    }
    let loaded = app::loaded(&config)?;
    let mut listed = Catalogue::new(&config.environments, &config.rules, &loaded, config.when_no_rule_applies);
    if !args.environment.is_empty() {
        listed.environments.retain(|environment| args.environment.contains(&environment.name));
    }
    write::to_stdout(&catalogue::render(&listed, args.format, style))?;
    Ok(Exit::Allow)
}
