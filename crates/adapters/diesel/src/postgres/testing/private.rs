//! A private `PostgreSQL` server for tests.

use std::ffi::OsStr;
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::{env, fs};

use asteroid_kernel::BoxError;
use tempfile::TempDir;
use tokio_postgres::{Config, SimpleQueryMessage};

use super::{connect, run_on_own_runtime};

/// A private server on a free port, with its data in a temporary folder. It stops when this value is dropped, and when
/// the process ends in any way.
#[derive(Debug)]
pub struct PrivateServer {
    folder: TempDir,
    programs: PathBuf,
    port: u16,
    /// The user of the server if this process runs as root, which `PostgreSQL` refuses.
    user: Option<(u32, u32)>,
    /// A process that stops the server at the end of its input, which is the end of this process.
    guard: Child,
}

/// Why a server could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StartServerError {
    /// `PostgreSQL` is not installed.
    #[error("initdb was not found in PATH or in the folders of packages")]
    NotInstalled,
    /// An operation of the system failed.
    #[error("the system reported: {0}")]
    Io(#[from] io::Error),
    /// A program of `PostgreSQL` failed.
    #[error("{0} failed: {1}")]
    Failed(&'static str, String),
}

impl PrivateServer {
    /// Initializes and starts a server. It accepts connections when this returns.
    ///
    /// # Errors
    ///
    /// If `PostgreSQL` is not installed, or does not start.
    pub fn start() -> Result<Self, StartServerError> {
        let programs = programs().ok_or(StartServerError::NotInstalled)?;
        let folder = TempDir::with_prefix("asteroid-postgres-")?;
        let user = unprivileged_user()?;
        if let Some((uid, gid)) = user {
            std::os::unix::fs::chown(folder.path(), Some(uid), Some(gid))?;
        }
        // Another process could take the port in between, which is unlikely enough for tests.
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let data = folder.path().join("data");
        let initdb = ["-U", "postgres", "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C", "-D"];
        let mut command = command(&programs.join("initdb"), user, folder.path());
        run("initdb", command.args(initdb).arg(&data))?;
        let settings = format!(
            "listen_addresses = '127.0.0.1'\nport = {port}\nunix_socket_directories = ''\nmax_connections = 400\n\
             shared_buffers = 64MB\nfsync = off\nsynchronous_commit = on\nfull_page_writes = off\n"
        );
        fs::write(data.join("postgresql.auto.conf"), settings)?;
        let guard = guard(&programs, user, folder.path(), &data)?;
        let server = Self { folder, programs, port, user, guard };
        server.control(&["start"])?;
        Ok(server)
    }

    /// The URL of a database.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }

    /// The port on 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The id of the main process of the server.
    ///
    /// # Errors
    ///
    /// If the server is not running.
    pub fn pid(&self) -> io::Result<u32> {
        let text = fs::read_to_string(self.folder.path().join("data/postmaster.pid"))?;
        text.lines()
            .next()
            .and_then(|line| line.parse().ok())
            .ok_or_else(|| io::ErrorKind::InvalidData.into())
    }

    /// Enables TLS with this certificate and key, both in PEM.
    ///
    /// # Errors
    ///
    /// If the files cannot be written, or the server does not reload its settings.
    pub fn enable_tls(&self, certificate: &str, key: &str) -> Result<(), StartServerError> {
        use std::os::unix::fs::OpenOptionsExt;
        let data = self.folder.path().join("data");
        for (name, text) in [("server.crt", certificate), ("server.key", key)] {
            let path = data.join(name);
            let mut file =
                fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&path)?;
            io::Write::write_all(&mut file, text.as_bytes())?;
            if let Some((uid, gid)) = self.user {
                std::os::unix::fs::chown(&path, Some(uid), Some(gid))?;
            }
        }
        let mut settings = fs::OpenOptions::new().append(true).open(data.join("postgresql.auto.conf"))?;
        io::Write::write_all(&mut settings, b"ssl = on\n")?;
        self.control(&["restart"])
    }

    /// The first column of the first row of a statement; empty if there is no row.
    ///
    /// # Errors
    ///
    /// If the server cannot be reached, or the statement fails.
    pub fn query(&self, statement: &str) -> Result<String, BoxError> {
        let config: Config = self.url("postgres").parse()?;
        let statement = statement.to_owned();
        run_on_own_runtime(async move {
            let rows = connect(&config).await?.simple_query(&statement).await?;
            let first = rows.iter().find_map(|row| match row {
                SimpleQueryMessage::Row(row) => row.get(0),
                _ => None,
            });
            Ok(first.unwrap_or_default().to_owned())
        })
    }

    /// Runs `pg_ctl` with these arguments (such as `restart -m immediate`) and waits until it ends.
    ///
    /// # Errors
    ///
    /// If `pg_ctl` fails.
    pub fn control(&self, arguments: &[&str]) -> Result<(), StartServerError> {
        let mut command = command(&self.programs.join("pg_ctl"), self.user, self.folder.path());
        command.args(arguments).args(["-w", "-t", "60", "-D"]).arg(self.folder.path().join("data"));
        run("pg_ctl", command.arg("-l").arg(self.folder.path().join("log")))
    }
}

impl Drop for PrivateServer {
    fn drop(&mut self) {
        drop(self.guard.stdin.take());
        let _ = self.guard.wait();
    }
}

fn guard(programs: &Path, user: Option<(u32, u32)>, folder: &Path, data: &Path) -> io::Result<Child> {
    // A signal to the process group (Ctrl-C) must not end the guard before the server.
    const WAIT: &str = r#"trap '' INT TERM HUP; cat >/dev/null; "$0" stop -m immediate -D "$1" >/dev/null 2>&1; rm -rf "$2""#;
    let mut command = command(Path::new("/bin/sh"), user, folder);
    command.arg("-c").arg(WAIT).arg(programs.join("pg_ctl")).arg(data).arg(folder);
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()
}

fn command(program: &Path, user: Option<(u32, u32)>, folder: &Path) -> Command {
    use std::os::unix::process::CommandExt;
    let mut command = Command::new(program);
    command.current_dir(folder).stdin(Stdio::null());
    if let Some((uid, gid)) = user {
        command.uid(uid).gid(gid);
    }
    command
}

/// Runs a program. Its output goes to a file, because the server that it starts would keep a pipe open.
fn run(name: &'static str, command: &mut Command) -> Result<(), StartServerError> {
    let output = tempfile::tempfile()?;
    let status = command.stdout(output.try_clone()?).stderr(output.try_clone()?).status()?;
    if status.success() {
        return Ok(());
    }
    let mut text = String::new();
    io::Seek::rewind(&mut &output)?;
    io::Read::read_to_string(&mut &output, &mut text)?;
    Err(StartServerError::Failed(name, text.trim().to_owned()))
}

/// The folder of the newest `initdb`.
fn programs() -> Option<PathBuf> {
    let paths = env::var_os("PATH").unwrap_or_default();
    let by_path = env::split_paths(&paths).find(|folder| folder.join("initdb").is_file());
    let packages = ["/usr/lib/postgresql", "/opt/homebrew/opt", "/usr/local/opt"];
    let packaged =
        packages.iter().flat_map(fs::read_dir).flatten().flatten().map(|entry| entry.path().join("bin"));
    let version = |folder: &PathBuf| -> Option<u32> {
        let name = folder.parent().and_then(Path::file_name).and_then(OsStr::to_str)?;
        name.trim_start_matches("postgresql@").parse().ok()
    };
    by_path.or_else(|| packaged.filter(|folder| folder.join("initdb").is_file()).max_by_key(version))
}

/// The user and group to run as if this process runs as root.
fn unprivileged_user() -> Result<Option<(u32, u32)>, StartServerError> {
    let id = |arguments: &[&str]| -> Result<u32, StartServerError> {
        let output = Command::new("id").args(arguments).stderr(Stdio::null()).output()?;
        let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        text.parse().map_err(|_| StartServerError::Failed("id", format!("unexpected output {text:?}")))
    };
    if id(&["-u"])? != 0 {
        return Ok(None);
    }
    let name = if id(&["-u", "postgres"]).is_ok() { "postgres" } else { "daemon" };
    Ok(Some((id(&["-u", name])?, id(&["-g", name])?)))
}
