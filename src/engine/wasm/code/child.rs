//! Compiling in a child process: the compiler has no limits of its own, neither of time nor of memory, and a component
//! that breaks it must not take holdpoint along.

use std::io::{self, Read, Write as _};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread::{self, Builder};
use std::time::{Duration, Instant};

use super::cache::LARGEST;
use super::{Limits, PluginFault};

/// Compiling that ends before this is not announced.
const MOMENT: Duration = Duration::from_millis(400);
/// Bytes of what the child says that are read.
const MOST_SAID: u64 = 4 << 10;
/// What the allocator, the system and the pool of threads say when there is no more memory.
const OUT_OF_MEMORY: [&str; 3] = ["memory allocation of", "Cannot allocate memory", "ThreadPoolBuildError"];

/// How a child ended.
struct Ended {
    /// `None` when it was ended because its time was over.
    status: Option<ExitStatus>,
    code: Vec<u8>,
    said: String,
}

/// A child that does not outlive this.
struct Running(Child);

impl Running {
    /// Waits for its end. One that closed its pipes and goes on is rare, so this looks again and again.
    fn ends_within(&mut self, limit: Duration) -> io::Result<Option<ExitStatus>> {
        let started = Instant::now();
        loop {
            let status = self.0.try_wait()?;
            if status.is_some() || started.elapsed() >= limit {
                return Ok(status);
            }
            thread::sleep(Duration::from_millis(1));
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// Compiles a component. `slow` is called when it takes longer than a moment; what it returns is dropped at the end.
///
/// # Errors
/// In words, without the plugin's name: it is not valid, or the compiler hit a limit, crashed or could not be started.
pub(super) fn compile<T>(
    program: &Path,
    settings: &str,
    component: &[u8],
    limits: Limits,
    slow: impl FnOnce() -> T,
) -> Result<Vec<u8>, PluginFault> {
    let unavailable = |error: io::Error| {
        PluginFault::new(
            format!("the compiler of plugins, `{} compile-plugin`, cannot be started: {error}", program.display()),
            "holdpoint starts itself to compile: it has to be allowed to, and the program has to be where it was",
        )
    };
    let child = command(program, settings, limits).spawn().map_err(unavailable)?;
    let ended = watch(Running(child), component, limits, slow).map_err(unavailable)?;
    ended.code(limits)
}

fn command(program: &Path, settings: &str, limits: Limits) -> Command {
    let mut command = Command::new(program);
    // What is in the environment, tokens among it, is none of its business.
    command
        .args(["compile-plugin", "--settings", settings])
        .arg(format!("--memory={}", limits.memory))
        .arg(format!("--seconds={}", limits.processor.as_secs()))
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    #[cfg(unix)]
    std::os::unix::process::CommandExt::arg0(&mut command, "holdpoint");
    command
}

fn watch<T>(mut child: Running, component: &[u8], limits: Limits, slow: impl FnOnce() -> T) -> io::Result<Ended> {
    let Child { stdin, stdout, stderr, .. } = &mut child.0;
    let (stdin, stdout, stderr) = (stdin.take(), stdout.take(), stderr.take());
    thread::scope(|scope| {
        // Dropped, and ended, before the threads are waited for: they end when the child does.
        let mut child = child;
        let started = Instant::now();
        let (sender, receiver) = mpsc::channel();
        // When the child does not read to the end, it says why.
        Builder::new().spawn_scoped(scope, move || stdin.map(|mut pipe| pipe.write_all(component).ok()))?;
        let read = move || sender.send((all(stdout, LARGEST), all(stderr, MOST_SAID))).ok();
        Builder::new().spawn_scoped(scope, read)?;
        let mut line = None;
        let answer = receiver.recv_timeout(MOMENT.min(limits.wall)).or_else(|_over| {
            line = Some(slow());
            receiver.recv_timeout(limits.wall.saturating_sub(MOMENT))
        });
        let left = if answer.is_ok() { limits.wall.saturating_sub(started.elapsed()) } else { Duration::ZERO };
        let status = child.ends_within(left)?;
        drop(line);
        let (code, said) = answer.unwrap_or_default();
        Ok(Ended { status, code, said: String::from_utf8_lossy(&said).trim().to_owned() })
    })
}

/// What comes out of a pipe until its end or limit; nothing when that is passed.
fn all(pipe: Option<impl Read>, limit: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    // A pipe that breaks is noticed by the child's status.
    pipe.map(|pipe| pipe.take(limit).read_to_end(&mut bytes).ok());
    bytes
}

impl Ended {
    fn code(self, limits: Limits) -> Result<Vec<u8>, PluginFault> {
        let Self { status, code, said } = self;
        let smaller =
            "a smaller one would do: leave out what it does not need, or use a language that compiles to less";
        let Some(status) = status else {
            let message = format!("compiling it took longer than {:?}", limits.wall);
            return Err(PluginFault::new(message, smaller));
        };
        if status.success() && !code.is_empty() {
            return Ok(code);
        }
        if OUT_OF_MEMORY.iter().any(|words| said.contains(words)) {
            let message = format!("compiling it took more than {} MiB of memory", limits.memory >> 20);
            return Err(PluginFault::new(message, smaller));
        }
        if status.code() == Some(2) {
            let said = said.strip_prefix("error: ").unwrap_or(&said);
            return Err(PluginFault::new(said, "build the plugin again, or fetch it again"));
        }
        if took_too_much_processor(status) {
            let message = format!("compiling it took more than {:?} of processor time", limits.processor);
            return Err(PluginFault::new(message, smaller));
        }
        let said: String = said.lines().last().unwrap_or_default().chars().take(200).collect();
        let said = if said.is_empty() { said } else { format!(": {said}") };
        Err(PluginFault::new(
            format!("the compiler failed on it ({status}){said}"),
            "try again when the machine has more memory to spare; if it stays so, build the plugin with another version of \
             its tools",
        ))
    }
}

#[cfg(unix)]
fn took_too_much_processor(status: ExitStatus) -> bool {
    use std::os::unix::process::ExitStatusExt as _;
    status.signal() == Some(rustix::process::Signal::XCPU.as_raw())
}

#[cfg(not(unix))]
fn took_too_much_processor(_status: ExitStatus) -> bool {
    false
}
