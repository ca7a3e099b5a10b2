use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use tempfile::TempDir;

/// The practice that is handed out.
pub(crate) const EXAMPLE_PRACTICE: &str = include_str!("../../../../config/practice.json");

/// A working directory of its own, with nothing in the environment.
pub(crate) struct Machine {
    pub(crate) folder: TempDir,
}

/// What a run of the binary came to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Machine {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a folder") }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        fs::write(path, text).expect("written");
    }

    pub(crate) fn command(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_asteroid"));
        command.args(arguments).env_clear().envs(environment.iter().copied()).current_dir(self.folder.path());
        command
    }

    pub(crate) fn run(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Answer {
        self.command(arguments, environment).output().expect("it runs").into()
    }

    /// Runs it with this on its standard input.
    pub(crate) fn feed(&self, arguments: &[&str], input: &str) -> Answer {
        self.write("standard input", input);
        let input = fs::File::open(self.path("standard input")).expect("there");
        self.command(arguments, &[]).stdin(input).output().expect("it runs").into()
    }

    pub(crate) fn json(&self, arguments: &[&str], environment: &[(&str, &str)]) -> serde_json::Value {
        serde_json::from_str(&self.run(arguments, environment).out).expect("JSON")
    }
}

impl Answer {
    /// The failure of a command with `--json`: one line on standard error.
    pub(crate) fn failure(&self) -> serde_json::Value {
        let Self { err, .. } = self;
        let (line, rest) = err.split_once('\n').unwrap_or_else(|| panic!("a line: {self:?}"));
        assert_eq!(rest, "", "one line: {self:?}");
        let failure: serde_json::Value = serde_json::from_str(line).expect("JSON");
        failure["error"].clone()
    }
}

impl From<Output> for Answer {
    fn from(Output { status, stdout, stderr }: Output) -> Self {
        Self {
            status: status.code().expect("it ends by itself"),
            out: String::from_utf8(stdout).expect("text"),
            err: String::from_utf8(stderr).expect("text"),
        }
    }
}
