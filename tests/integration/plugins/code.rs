//! Compiled code: where it is kept, when it is believed, and what happens when compiling goes wrong.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::{Duration, Instant};

use holdpoint::engine::wasm::{
    Allocation, Announce, Code, CompileLimits, ComponentBytes, Hosts, PluginSpec, WasmEngine,
};

use super::guest::Guest;
use crate::support::cli::{Holdpoint, root};

const PROGRAM: &str = env!("CARGO_BIN_EXE_holdpoint");

fn load_bytes(bytes: &[u8], code: &Code) -> Result<(), String> {
    load_into(Allocation::OnDemand, bytes, code)
}

fn load_into(allocation: Allocation, bytes: &[u8], code: &Code) -> Result<(), String> {
    let spec = PluginSpec {
        name: "custom".to_owned(),
        component: ComponentBytes::new(bytes),
        origin: None,
        http: Hosts::default(),
        secrets: Arc::default(),
        timeout: Duration::from_secs(20),
        memory: 64 << 20,
    };
    let loaded = WasmEngine::load_into(allocation, &[spec], &[], BTreeSet::new(), code);
    loaded.map(drop).map_err(|error| error.to_string())
}

static COMPONENT: LazyLock<Vec<u8>> = LazyLock::new(|| Guest::default().component());
/// Another one.
static OTHER: LazyLock<Vec<u8>> =
    LazyLock::new(|| Guest::default().describe("(drop (i32.const 0)) (i32.const 0)").component());

fn load(code: &Code) -> Result<(), String> {
    load_bytes(&COMPONENT, code)
}

/// A folder to keep code in, that is not there yet.
struct Kept(tempfile::TempDir);

impl Kept {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn filled() -> Self {
        let kept = Self::new();
        load(&kept.compiled()).unwrap();
        kept
    }

    fn folder(&self) -> PathBuf {
        self.0.path().join("plugins")
    }

    /// Code from here, or compiled.
    fn compiled(&self) -> Code {
        Code::new(PROGRAM.into(), Some(self.folder()))
    }

    /// Code from here and from nowhere else.
    fn alone(&self) -> Code {
        Code::new("/no/such/program".into(), Some(self.folder()))
    }

    fn files(&self) -> Vec<PathBuf> {
        let folders = fs::read_dir(self.folder()).into_iter().flatten();
        folders
            .flat_map(|folder| fs::read_dir(folder.unwrap().path()).unwrap())
            .map(|file| file.unwrap().path())
            .collect()
    }

    fn file(&self) -> PathBuf {
        let files = self.files();
        assert_eq!(files.len(), 1, "{files:?}");
        files[0].clone()
    }

    fn is_believed(&self) -> bool {
        match load(&self.alone()) {
            Ok(()) => true,
            Err(error) => {
                assert!(error.contains("`/no/such/program compile-plugin`, cannot be started"), "{error}");
                false
            }
        }
    }
}

fn permit(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn it_is_compiled_once_and_kept_for_the_user_alone() {
    let kept = Kept::new();
    assert!(!kept.is_believed());
    load(&kept.compiled()).unwrap();
    assert!(kept.is_believed());
    let (file, component) = (kept.file(), holdpoint::bundle::digest(&COMPONENT).to_string());
    let name = file.strip_prefix(kept.folder()).unwrap().to_str().unwrap();
    let start = format!("{}/{}-{}-", &component["sha256:".len()..], std::env::consts::ARCH, std::env::consts::OS);
    assert!(name.starts_with(&start) && Path::new(&name).extension() == Some("cwasm".as_ref()), "{name}");
    assert_eq!((mode(&kept.folder()), mode(file.parent().unwrap()), mode(&file)), (0o700, 0o700, 0o600));
    // Another component is another matter.
    assert!(load_bytes(&OTHER, &kept.alone()).is_err());
}

#[test]
fn a_server_and_a_command_use_the_same() {
    let pools = [Allocation::Pooling { calls: 1 }, Allocation::Pooling { calls: 64 }];
    for (compiled_for, loaded_by) in
        pools.map(|pool| (pool, Allocation::OnDemand)).into_iter().chain(pools.map(|pool| (Allocation::OnDemand, pool)))
    {
        let kept = Kept::new();
        load_into(compiled_for, &COMPONENT, &kept.compiled()).unwrap();
        load_into(loaded_by, &COMPONENT, &kept.alone()).unwrap();
        kept.file();
    }
}

#[test]
fn every_flipped_bit_and_every_cut_is_noticed() {
    let kept = Kept::filled();
    let file = kept.file();
    let whole = fs::read(&file).unwrap();
    for _ in 0..200 {
        let mut damaged = whole.clone();
        damaged[fastrand::usize(..whole.len())] ^= 1 << fastrand::u8(..8);
        fs::write(&file, damaged).unwrap();
        assert!(!kept.is_believed());
        assert!(kept.files().is_empty(), "what is damaged is thrown away");
    }
    for length in [0, 1, 31, 32, 33, whole.len() - 1] {
        fs::write(&file, &whole[..length]).unwrap();
        assert!(!kept.is_believed(), "{length} bytes");
    }
    fs::write(&file, [whole.as_slice(), b"\0"].concat()).unwrap();
    assert!(!kept.is_believed());
    fs::write(&file, &whole[..100]).unwrap();
    load(&kept.compiled()).unwrap();
    assert_eq!(fs::read(kept.file()).unwrap().len(), whole.len(), "it is compiled again");
    assert!(kept.is_believed());
}

#[test]
fn it_is_not_believed_under_another_name() {
    let kept = Kept::filled();
    let file = kept.file();
    load_bytes(&OTHER, &kept.compiled()).unwrap();
    let of_other = kept.files().into_iter().find(|path| *path != file).unwrap();
    fs::copy(of_other, &file).unwrap();
    assert!(!kept.is_believed());
}

#[test]
fn what_others_can_write_is_not_used() {
    let kept = Kept::filled();
    let file = kept.file();
    for (path, writable, private) in [(&file, 0o666, 0o600), (&file, 0o620, 0o600), (&kept.folder(), 0o777, 0o700)] {
        permit(path, writable);
        assert!(!kept.is_believed(), "{} {writable:o}", path.display());
        load(&kept.compiled()).unwrap();
        permit(path, private);
        assert!(kept.is_believed());
    }
    permit(&kept.folder(), 0o777);
    fs::remove_file(&file).unwrap();
    load(&kept.compiled()).unwrap();
    assert!(!file.exists(), "nothing is kept where others can write");
}

#[test]
fn several_at_once_do_not_hurt_each_other() {
    let kept = Kept::new();
    std::thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| load(&kept.compiled()).unwrap());
        }
    });
    kept.file();
    assert!(kept.is_believed());
}

#[test]
fn old_code_is_removed_when_there_is_much() {
    let kept = Kept::filled();
    let (used, others) = (kept.file(), kept.folder().join("0".repeat(64)));
    fs::create_dir(&others).unwrap();
    for number in 0..140 {
        fs::write(others.join(format!("{number}.cwasm")), "old").unwrap();
    }
    fs::write(others.join("notes.txt"), "not ours").unwrap();
    std::thread::sleep(Duration::from_millis(20));
    assert!(kept.is_believed(), "what is used becomes new");
    load_bytes(&OTHER, &kept.compiled()).unwrap();
    assert_eq!(kept.files().len(), 128 + 1, "with the file that is not ours");
    assert!(used.exists() && others.join("notes.txt").exists());
}

/// A program that does this instead of compiling.
fn script(folder: &Path, text: &str) -> PathBuf {
    static NUMBER: AtomicUsize = AtomicUsize::new(0);
    let path = folder.join(format!("compiler-{}", NUMBER.fetch_add(1, Ordering::Relaxed)));
    // Written by another process: one that is started meanwhile by another test would hold it open for writing.
    let mut command = Command::new("sh");
    command.args(["-c", "cat > \"$0\" && chmod 700 \"$0\""]).arg(&path);
    let mut shell = command.stdin(Stdio::piped()).spawn().unwrap();
    shell.stdin.take().unwrap().write_all(format!("#!/bin/sh\n{text}\n").as_bytes()).unwrap();
    assert!(shell.wait().unwrap().success());
    path
}

#[test]
fn whatever_becomes_of_the_compiler_is_said_in_words() {
    let kept = Kept::new();
    let cases = [
        ("kill -9 $$", "plugin `custom`: the compiler failed on it (signal: 9 (SIGKILL))"),
        ("kill -XCPU $$", "compiling it took more than 60s of processor time"),
        (
            "echo 'memory allocation of 99 bytes failed' >&2; kill -ABRT $$",
            "compiling it took more than 4096 MiB of memory",
        ),
        ("echo 'thread main panicked' >&2; exit 101", "failed on it (exit status: 101): thread main panicked"),
        (
            "cat >/dev/null; echo 'error: it is not valid' >&2; exit 2",
            "plugin `custom`: it is not valid\nhint: build the plugin",
        ),
        ("cat >/dev/null; echo no code", "its compiled code cannot be used"),
        ("cat >/dev/null", "the compiler failed on it (exit status: 0)"),
        ("exec sleep 60", "compiling it took longer than 1s"),
        ("cat >/dev/null; exec >/dev/null 2>/dev/null; exec sleep 60", "compiling it took longer than 1s"),
    ];
    for (text, expected) in cases {
        let limits = CompileLimits { wall: Duration::from_secs(1), ..CompileLimits::default() };
        let code = Code::new(script(kept.0.path(), text), Some(kept.folder())).limits(limits);
        let started = Instant::now();
        let error = load(&code).unwrap_err();
        assert!(error.contains(expected) && error.contains("\nhint: "), "{text}: {error}");
        assert!(started.elapsed() < Duration::from_secs(30), "{text}");
        assert!(kept.files().is_empty(), "{text}: nothing is kept");
    }
}

#[test]
fn memory_runs_out_in_the_child_alone() {
    let limits = CompileLimits { memory: 24 << 20, ..CompileLimits::default() };
    let error = load(&Code::new(PROGRAM.into(), None).limits(limits)).unwrap_err();
    assert!(error.contains("compiling it took more than 24 MiB of memory"), "{error}");
    load(&Code::new(PROGRAM.into(), None)).unwrap();
}

#[test]
fn a_large_component_is_refused_before_it_is_compiled() {
    let mut component = COMPONENT.clone();
    // A section for anything, with a name of no letters.
    component.extend([0, 0x80, 0x80, 0x80, 0x10]);
    component.resize(component.len() + (32 << 20), 0);
    let error = load_bytes(&component, &Code::new("/no/such/program".into(), None)).unwrap_err();
    let expected = format!("it has {} bytes, and a component may have 33554432", component.len());
    assert!(error.contains(&expected), "{error}");
}

#[test]
fn long_work_is_announced_and_short_work_is_not() {
    let kept = Kept::new();
    let told: Arc<Mutex<Vec<String>>> = Arc::default();
    let listener = Arc::clone(&told);
    let announce = Announce(Arc::new(move |plugin| {
        listener.lock().unwrap().push(plugin.to_owned());
        Box::new(())
    }));
    let slow = script(kept.0.path(), &format!("sleep 1; exec '{PROGRAM}' \"$@\""));
    load(&Code::new(slow, Some(kept.folder())).announce(announce.clone())).unwrap();
    assert_eq!(*told.lock().unwrap(), ["custom"]);
    load(&kept.alone().announce(announce)).unwrap();
    assert_eq!(told.lock().unwrap().len(), 1, "what is kept is no work");
}

#[test]
fn the_compiler_by_itself_refuses_what_it_should() {
    let run = |settings: &str, input: &[u8]| {
        let mut child = Command::new(PROGRAM)
            .args(["compile-plugin", "--memory=4294967296", "--seconds=60", "--settings", settings])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(input).unwrap();
        let output = child.wait_with_output().unwrap();
        (output.status.code(), output.stdout.len(), String::from_utf8(output.stderr).unwrap())
    };
    let (code, written, said) = run("0000000000000000", &COMPONENT);
    assert_eq!((code, written), (Some(2), 0));
    assert!(said.contains("another version of holdpoint was started to compile it"), "{said}");
    let kept = Kept::filled();
    let name = kept.file().file_stem().unwrap().to_str().unwrap().to_owned();
    let (_, settings) = name.rsplit_once('-').unwrap();
    let (code, written, said) = run(settings, b"\0asm\x0d\0\x01\0\xff\xff");
    assert_eq!((code, written), (Some(2), 0));
    assert!(said.starts_with("error: the component cannot be compiled: "), "{said}");
    let (code, written, _) = run(settings, &COMPONENT);
    assert!(code == Some(0) && written > 1000);
}

/// The example with one plugin, with this environment.
fn check(component: &Path, environment: &[(&str, &Path)]) -> (String, String) {
    let plugin = format!("custom={}", component.display());
    let digest = "sha256:b69dd5a569d41cc2907ce23296d17c6b944d6baa61e6c0fc7e86deace50fb7ba";
    let config = root().join("examples/storefront/holdpoint.yaml").display().to_string();
    let arguments = ["check", digest, "--to", "production", "--as-of", "2026-11-20T12:00:00Z", "--format", "json"];
    let mut run = Holdpoint::new(&arguments).args(&["--config", &config, "--plugin", &plugin]);
    for (name, value) in environment {
        run = run.env(name, value.to_str().unwrap());
    }
    let run = run.run();
    (run.verdict(), run.stderr)
}

#[test]
fn the_program_keeps_code_where_the_user_has_a_cache_and_works_without() {
    let folder = tempfile::tempdir().unwrap();
    let component = folder.path().join("custom.wasm");
    fs::write(&component, COMPONENT.as_slice()).unwrap();
    let home = folder.path().join("home");
    let kept = |folder: PathBuf| fs::read_dir(folder.join("holdpoint/plugins")).map(Iterator::count).ok();
    let without = check(&component, &[]);
    assert!(!without.1.contains("cache"), "{}", without.1);
    let verdict = without.0;
    for _ in 0..2 {
        assert_eq!(check(&component, &[("HOME", &home)]).0, verdict);
        assert_eq!(kept(home.join(".cache")), Some(1));
    }
    let xdg = folder.path().join("xdg");
    assert_eq!(check(&component, &[("HOME", &home), ("XDG_CACHE_HOME", &xdg)]).0, verdict);
    assert_eq!(kept(xdg), Some(1));
    // A place that cannot be written costs a warning.
    let closed = folder.path().join("closed");
    fs::create_dir(&closed).unwrap();
    fs::write(closed.join("holdpoint"), "a file").unwrap();
    let (same, said) = check(&component, &[("XDG_CACHE_HOME", &closed)]);
    assert_eq!(same, verdict);
    assert!(said.contains("compiled code of a plugin cannot be kept in the cache"), "{said}");
}
