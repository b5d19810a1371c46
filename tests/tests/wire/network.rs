//! Two network namespaces, each with one end of a link.
//!
//! Making them takes root's rights; a user without them gets those in a user namespace, where the test runs once more.

use std::fs::File;
use std::os::fd::AsRawFd;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use anyhow::{Context, Result, bail, ensure};
use socket2::{Domain, Socket, Type};

/// Address of a server in [`Network::server`].
pub const SERVER_HOST: &str = "10.77.0.1";
const CLIENT_HOST: &str = "10.77.0.2";
/// Largest packet of the link, IP header included: a detour through a tunnel or two.
const MTU: &str = "600";
/// The link's bandwidth, where the kernel can limit it.
const RATE: [&str; 7] = ["tbf", "rate", "4mbit", "burst", "4kb", "latency", "1s"];
/// The link's delay each way, where the kernel can delay.
const DELAY: [&str; 3] = ["netem", "delay", "3ms"];
/// The name of each end of the link.
const LINK: &str = "wire";
/// Set for the test that runs inside a user namespace.
const INSIDE: &str = "PYAO_WIRE_INSIDE";

/// Runs `test` with a network of its own. On a machine that cannot make one it prints why, and `test` does not run.
pub fn with_network(name: &str, test: impl FnOnce(&Network)) {
    with(Network::new, name, test);
}

/// Makes namespaces of whatever kind and runs the test `name` in them; see [`with_network`].
pub fn with<T>(make: impl FnOnce() -> Result<T>, name: &str, test: impl FnOnce(&T)) {
    match make() {
        Ok(network) => test(&network),
        Err(_) if std::env::var_os(INSIDE).is_none() && can_become_root() => run_inside(name),
        Err(error) => println!("skipped: no network namespaces: {error:#}"),
    }
}

fn inside(program: &str, arguments: &[&str]) -> Command {
    // The names of network namespaces are files in /run, where only root may write.
    let script = "mount -t tmpfs tmpfs /run && exec \"$0\" \"$@\"";
    let mut command = Command::new("unshare");
    command.args(["--user", "--map-root-user", "--net", "--mount", "sh", "-c", script, program]);
    command.args(arguments).env(INSIDE, "yes");
    command
}

fn can_become_root() -> bool {
    inside("true", &[]).output().is_ok_and(|output| output.status.success())
}

/// Runs the test `name` of this executable as root of a user namespace.
fn run_inside(name: &str) {
    let executable = std::env::current_exe().unwrap();
    let status = inside(executable.to_str().unwrap(), &["--exact", name, "--nocapture"]).status().unwrap();
    assert!(status.success(), "the test failed in its user namespace");
}

/// See the module. Dropping it removes both namespaces.
pub struct Network {
    /// Namespace of the server.
    pub server: Namespace,
    /// Namespace of its clients.
    pub clients: Namespace,
    /// Properties of the link, in words.
    pub link: String,
}

impl Network {
    fn new() -> Result<Self> {
        let (server, clients) = (Namespace::new()?, Namespace::new()?);
        let (server_name, clients_name) = (server.0.as_str(), clients.0.as_str());
        let pair = ["type", "veth", "peer", "name", LINK, "netns", clients_name];
        run("ip", &[&["link", "add", LINK, "netns", server_name], &pair[..]].concat())?;
        for (namespace, host) in [(&server, SERVER_HOST), (&clients, CLIENT_HOST)] {
            namespace.ip(&["address", "add", &format!("{host}/24"), "dev", LINK])?;
            namespace.ip(&["link", "set", LINK, "mtu", MTU, "up"])?;
            namespace.ip(&["link", "set", "lo", "up"])?;
            // The receiver joins packets that come in a row, as real network cards do.
            namespace.run(|| switch_on_receive_offload(LINK))??;
        }
        let limits = [("rate limited", &server, &RATE[..]), ("delayed", &clients, &DELAY[..])];
        let limits = limits.into_iter().filter(|(_, namespace, discipline)| {
            let arguments = [&["qdisc", "add", "dev", LINK, "root"], *discipline].concat();
            namespace.run(|| run("tc", &arguments)).is_ok_and(|outcome| outcome.is_ok())
        });
        let limits: Vec<_> = limits.map(|(what, ..)| what).collect();
        let link = format!(
            "MTU {MTU}, {}",
            if limits.is_empty() { "as fast as it goes".into() } else { limits.join(", ") }
        );
        Ok(Self { server, clients, link })
    }
}

impl Network {
    /// Runs `action` while every packet is lost.
    pub fn cut(&self, action: impl FnOnce()) {
        self.clients.ip(&["link", "set", LINK, "down"]).unwrap();
        action();
        self.clients.ip(&["link", "set", LINK, "up"]).unwrap();
    }
}

/// A network namespace with a name of its own.
pub struct Namespace(String);

impl Namespace {
    /// Makes a namespace with nothing in it.
    pub fn new() -> Result<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("pyao-test-{}-{number}", std::process::id());
        run("ip", &["netns", "add", &name])?;
        Ok(Self(name))
    }

    /// Runs the program `ip` in this namespace.
    pub fn ip(&self, arguments: &[&str]) -> Result<()> {
        run("ip", &[&["-netns", &self.0], arguments].concat())
    }

    /// Runs `action` on a thread that is in this namespace: sockets that it makes and processes that it starts are
    /// there too, and stay.
    pub fn run<T: Send>(&self, action: impl FnOnce() -> T + Send) -> Result<T> {
        thread::scope(|scope| {
            let thread = scope.spawn(|| self.enter().map(|()| action()));
            thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    }

    /// Puts the calling thread into this namespace for good.
    fn enter(&self) -> Result<()> {
        let path = format!("/run/netns/{}", self.0);
        let file = File::open(&path).with_context(|| path.clone())?;
        // SAFETY: setns has no memory to misuse; the descriptor is open while it is called. It changes this thread
        // only.
        let outcome = unsafe { libc::setns(file.as_raw_fd(), libc::CLONE_NEWNET) };
        ensure!(outcome == 0, "entering {path}: {}", std::io::Error::last_os_error());
        Ok(())
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        // Its end of the link goes with it.
        if let Err(error) = run("ip", &["netns", "delete", &self.0]) {
            eprintln!("a network namespace is left over: {error:#}");
        }
    }
}

fn run(program: &str, arguments: &[&str]) -> Result<()> {
    let output = Command::new(program).args(arguments).output().with_context(|| program.to_owned())?;
    if !output.status.success() {
        bail!("{program} {}: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(())
}

/// Argument of the ioctl `SIOCETHTOOL` that switches something on or off.
#[repr(C)]
struct EthtoolValue {
    command: u32,
    value: u32,
}

/// `ETHTOOL_SGRO`: whether packets received in a row are joined.
const SET_RECEIVE_OFFLOAD: u32 = 0x2c;

/// Does `ethtool -K interface gro on`, for machines without that program.
fn switch_on_receive_offload(interface: &str) -> Result<()> {
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, None)?;
    let mut value = EthtoolValue { command: SET_RECEIVE_OFFLOAD, value: 1 };
    // SAFETY: ifreq is plain numbers, addresses and pointers that nobody follows, for which all zeroes is a value.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    for (to, from) in request.ifr_name.iter_mut().zip(interface.bytes()) {
        *to = libc::c_char::try_from(from)?;
    }
    request.ifr_ifru.ifru_data = (&raw mut value).cast();
    // SAFETY: the socket is open, `request` has the interface's name with a zero behind it, and its pointer is to a
    // value of the layout that this command reads; both live through the call.
    let outcome = unsafe { libc::ioctl(socket.as_raw_fd(), libc::SIOCETHTOOL, &raw mut request) };
    ensure!(outcome == 0, "receive offload of {interface}: {}", std::io::Error::last_os_error());
    Ok(())
}
