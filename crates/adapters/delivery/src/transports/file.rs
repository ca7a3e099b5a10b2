//! Messages in a file, for development and tests.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use asteroid_kernel::BoxError;
use asteroid_messaging::{DeliveryError, MessageTransport, OutgoingMessage};

use crate::message_record::MessageRecord;

/// Appends messages to a file, one JSON object on each line (NDJSON), for development and tests.
///
/// It opens the file for each message, so the file may be removed or renamed at any time, and creates missing folders.
/// On Unix only the owner may read the file: it contains codes. It writes on Tokio's blocking threads, and needs a
/// Tokio runtime.
#[derive(Clone, Debug)]
pub struct FileTransport {
    path: PathBuf,
}

impl FileTransport {
    /// Appends messages to the file at this path.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    async fn append(&self, message: &OutgoingMessage) -> Result<(), BoxError> {
        let mut line = MessageRecord::from(message).json();
        line.push(b'\n');
        let path = self.path.clone();
        tokio::task::spawn_blocking(move || append(&path, &line)).await??;
        Ok(())
    }
}

impl MessageTransport for FileTransport {
    async fn deliver(&self, message: &OutgoingMessage) -> Result<(), DeliveryError> {
        self.append(message).await.map_err(DeliveryError::Passing)
    }
}

/// Appends the line in one write, so that concurrent writers do not mix their lines.
fn append(path: &Path, line: &[u8]) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(line)?;
    file.flush()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tempfile::TempDir;

    use super::*;
    use crate::samples;

    fn transport(path: &str) -> (TempDir, PathBuf, FileTransport) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(path);
        let transport = FileTransport::new(&path);
        (folder, path, transport)
    }

    #[tokio::test]
    async fn a_message_is_one_line_of_json() {
        let (_folder, path, transport) = transport("messages.ndjson");
        for message in [samples::email(), samples::sms(), samples::notice()] {
            transport.deliver(&message).await.expect("delivered");
        }
        assert_eq!(
            fs::read_to_string(path).expect("a file"),
            concat!(
                r#"{"id":"01547654-e1c6-7fcd-9d7b-39a820e2f465","at":"2016-05-03T11:15:54.950Z","#,
                r#""channel":"email","to":"George@Example.com","kind":"registration_code","#,
                r#""subject":"7G2KD is your \"Asteroid\" code","#,
                r#""body":"Grüß Gott,\n\nuse this code:\n\n    7G2KD\n\nDo not share it.","#,
                r#""code":"7G2KD"}"#,
                "\n",
                r#"{"id":"01547654-e1c6-7fcd-9d7b-39a820e2f465","at":"2016-05-03T11:15:54.950Z","#,
                r#""channel":"sms","to":"+15556654345","kind":"sign_in_code","subject":null,"#,
                r#""body":"042137 is your code.\n\n@example.com #042137","code":"042137"}"#,
                "\n",
                r#"{"id":"01547654-e1c6-7fcd-9d7b-39a820e2f465","at":"2016-05-03T11:15:54.950Z","#,
                r#""channel":"sms","to":"+15556654345","kind":"password_changed","subject":null,"#,
                r#""body":"Your password was changed."}"#,
                "\n",
            )
        );
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn concurrent_deliveries_do_not_mix_their_lines() {
        let (_folder, path, transport) = transport("messages.ndjson");
        let transport = Arc::new(transport);
        let tasks: Vec<_> = (0..100)
            .map(|number| {
                let transport = Arc::clone(&transport);
                let message = OutgoingMessage { body: format!("{number}"), ..samples::sms() };
                tokio::spawn(async move { transport.deliver(&message).await })
            })
            .collect();
        for task in tasks {
            task.await.expect("no panic").expect("delivered");
        }
        let mut numbers: Vec<u32> = fs::read_to_string(path)
            .expect("a file")
            .lines()
            .map(|line| serde_json::from_str::<serde_json::Value>(line).expect("whole JSON"))
            .map(|line| line["body"].as_str().and_then(|body| body.parse().ok()).expect("a number"))
            .collect();
        numbers.sort_unstable();
        assert_eq!(numbers, (0..100).collect::<Vec<_>>());
    }

    #[tokio::test]
    async fn the_file_may_be_renamed_or_removed_with_its_folder() {
        let (_folder, path, transport) = transport("some/where/messages.ndjson");
        let lines = |path: &Path| fs::read_to_string(path).expect("a file").lines().count();
        transport.deliver(&samples::sms()).await.expect("delivered");
        let renamed = path.with_extension("1");
        fs::rename(&path, &renamed).expect("renamed");
        transport.deliver(&samples::sms()).await.expect("delivered");
        assert_eq!((lines(&renamed), lines(&path)), (1, 1));
        fs::remove_dir_all(path.parent().expect("a folder")).expect("removed");
        transport.deliver(&samples::sms()).await.expect("delivered");
        assert_eq!(lines(&path), 1);
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn only_the_owner_may_read_the_file() {
        use std::os::unix::fs::PermissionsExt;

        let (_folder, path, transport) = transport("messages.ndjson");
        transport.deliver(&samples::sms()).await.expect("delivered");
        assert_eq!(fs::metadata(path).expect("a file").permissions().mode() & 0o777, 0o600);
    }

    #[tokio::test]
    async fn an_unwritable_file_is_a_passing_failure() {
        let (folder, ..) = transport("");
        let delivered = FileTransport::new(folder.path()).deliver(&samples::sms()).await;
        assert!(matches!(delivered, Err(DeliveryError::Passing(_))));
    }
}
