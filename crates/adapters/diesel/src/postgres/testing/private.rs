use std::ffi::OsStr;
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::{env, fs};

use asteroid_kernel::BoxError;
use tempfile::TempDir;
use tokio_postgres::{Config, SimpleQueryMessage};

use super::{connect, on_a_runtime};

/// A server of one's own: on a free port of this machine, with its data in a folder that goes with it. It is stopped
/// when this is dropped, and when the process ends in whatever way.
#[derive(Debug)]
pub struct PrivateServer {
    folder: TempDir,
    programs: PathBuf,
    port: u16,
    /// The user that it runs as, if that is not ours: it refuses to run as root.
    user: Option<(u32, u32)>,
    /// Waits for the end of its input, which is the end of this process, and stops the server.
    guard: Child,
}

/// Why no server could be started.
#[derive(Debug, thiserror::Error)]
pub enum StartServerError {
    /// The programs of `PostgreSQL` are not there.
    #[error("no initdb is found in PATH or where the packages put it")]
    NotInstalled,
    /// Something of the system refused.
    #[error("the system refused: {0}")]
    Io(#[from] io::Error),
    /// A program of `PostgreSQL` failed.
    #[error("{0} failed: {1}")]
    Failed(&'static str, String),
}

impl PrivateServer {
    /// Makes the data and starts the server; it is ready when this returns.
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
        // Free now; that nobody takes it in between is likely enough for tests.
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

    /// The address of one of its databases.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }

    /// Where it listens, on 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The id of its first process, whose end is the server's.
    ///
    /// # Errors
    ///
    /// If it does not run.
    pub fn pid(&self) -> io::Result<u32> {
        let text = fs::read_to_string(self.folder.path().join("data/postmaster.pid"))?;
        text.lines()
            .next()
            .and_then(|line| line.parse().ok())
            .ok_or_else(|| io::ErrorKind::InvalidData.into())
    }

    /// Has it speak TLS, with this certificate and its key, both as PEM.
    ///
    /// # Errors
    ///
    /// If the files cannot be written, or the server does not read its settings again.
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

    /// The first column of the first row that a statement gives; empty if it gives none.
    ///
    /// # Errors
    ///
    /// If the server cannot be reached, or refuses the statement.
    pub fn query(&self, statement: &str) -> Result<String, BoxError> {
        let config: Config = self.url("postgres").parse()?;
        let statement = statement.to_owned();
        on_a_runtime(async move {
            let rows = connect(&config).await?.simple_query(&statement).await?;
            let first = rows.iter().find_map(|row| match row {
                SimpleQueryMessage::Row(row) => row.get(0),
                _ => None,
            });
            Ok(first.unwrap_or_default().to_owned())
        })
    }

    /// Runs `pg_ctl` on it, with these arguments (`restart -m immediate`), and waits until that is done.
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
    // A signal to the whole group (Ctrl-C) is not to end it before the server.
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

/// Its output goes to a file: a pipe would be held open by the server that it leaves behind.
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

/// The folder of the newest `initdb` that there is.
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

/// Whom to run as instead of root.
fn unprivileged_user() -> Result<Option<(u32, u32)>, StartServerError> {
    let id = |arguments: &[&str]| -> Result<u32, StartServerError> {
        let output = Command::new("id").args(arguments).stderr(Stdio::null()).output()?;
        let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        text.parse().map_err(|_| StartServerError::Failed("id", format!("it says {text:?}")))
    };
    if id(&["-u"])? != 0 {
        return Ok(None);
    }
    let name = if id(&["-u", "postgres"]).is_ok() { "postgres" } else { "nobody" };
    Ok(Some((id(&["-u", name])?, id(&["-g", name])?)))
}
