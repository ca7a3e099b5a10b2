//! Messages on standard output, for development.

use std::fmt::Write as _;
use std::io::{self, Stdout, Write};
use std::sync::{Mutex, PoisonError};

use asteroid_messaging::{Channel, DeliveryError, MessageTransport, OutgoingMessage};

/// Prints messages for a person at a terminal, each in a frame.
///
/// It blocks the calling thread while it writes: a frame is small.
#[derive(Debug)]
pub struct ConsoleTransport<W = Stdout> {
    sink: Mutex<W>,
}

impl ConsoleTransport {
    /// Prints messages to standard output.
    #[must_use]
    pub fn stdout() -> Self {
        Self::new(io::stdout())
    }
}

impl<W: Write + Send> ConsoleTransport<W> {
    /// Prints messages to this sink.
    #[must_use]
    pub const fn new(sink: W) -> Self {
        Self { sink: Mutex::new(sink) }
    }

    fn print(&self, message: &OutgoingMessage) -> io::Result<()> {
        let frame = frame(message);
        let mut sink = self.sink.lock().unwrap_or_else(PoisonError::into_inner);
        // One write, so that no other output splits the frame.
        sink.write_all(frame.as_bytes())?;
        sink.flush()
    }
}

impl<W: Write + Send + 'static> MessageTransport for ConsoleTransport<W> {
    async fn deliver(&self, message: &OutgoingMessage) -> Result<(), DeliveryError> {
        self.print(message).map_err(|error| DeliveryError::Passing(error.into()))
    }
}

fn frame(message: &OutgoingMessage) -> String {
    let channel = match message.channel {
        Channel::Email => "E-mail",
        Channel::Sms => "SMS",
    };
    let mut lines = vec![];
    if let Some(subject) = &message.subject {
        lines.extend([format!("Subject: {subject}"), String::new()]);
    }
    lines.extend(message.body.lines().map(str::to_owned));
    if let Some(code) = &message.code {
        lines.extend([String::new(), format!("Code: {code}")]);
    }
    let mut frame = format!("╭─ {channel} to {}\n", message.to.as_str());
    for line in lines {
        frame.push_str(if line.is_empty() { "│" } else { "│  " });
        frame.push_str(&line);
        frame.push('\n');
    }
    let _ = writeln!(frame, "╰─ {}, {}", message.kind.as_str(), message.at);
    frame
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::samples;

    async fn printed(message: &OutgoingMessage) -> String {
        let transport = ConsoleTransport::new(Vec::new());
        transport.deliver(message).await.expect("delivered");
        String::from_utf8(transport.sink.into_inner().expect("no panic")).expect("UTF-8")
    }

    #[tokio::test]
    async fn an_email_is_printed_with_its_code() {
        assert_eq!(
            printed(&samples::email()).await,
            "\
╭─ E-mail to George@Example.com
│  Subject: 7G2KD is your \"Asteroid\" code
│
│  Grüß Gott,
│
│  use this code:
│
│      7G2KD
│
│  Do not share it.
│
│  Code: 7G2KD
╰─ registration_code, 2016-05-03T11:15:54.950Z
"
        );
    }

    #[tokio::test]
    async fn an_sms_is_printed_with_its_code() {
        assert_eq!(
            printed(&samples::sms()).await,
            "\
╭─ SMS to +15556654345
│  042137 is your code.
│
│  @example.com #042137
│
│  Code: 042137
╰─ sign_in_code, 2016-05-03T11:15:54.950Z
"
        );
    }

    #[tokio::test]
    async fn a_notice_is_printed_without_a_code() {
        assert_eq!(
            printed(&samples::notice()).await,
            "\
╭─ SMS to +15556654345
│  Your password was changed.
╰─ password_changed, 2016-05-03T11:15:54.950Z
"
        );
    }

    /// Records the calls of `write` and `flush`.
    #[derive(Default)]
    struct RecordingSink(Vec<&'static str>);

    impl Write for RecordingSink {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.push("write");
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            self.0.push("flush");
            Ok(())
        }
    }

    #[tokio::test]
    async fn a_frame_is_one_write() {
        let transport = ConsoleTransport::new(RecordingSink::default());
        transport.deliver(&samples::email()).await.expect("delivered");
        assert_eq!(transport.sink.into_inner().expect("no panic").0, ["write", "flush"]);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn concurrent_deliveries_do_not_mix_their_frames() {
        let transport = Arc::new(ConsoleTransport::new(Vec::new()));
        let tasks: Vec<_> = (0..100)
            .map(|_| {
                let transport = Arc::clone(&transport);
                tokio::spawn(async move { transport.deliver(&samples::email()).await })
            })
            .collect();
        for task in tasks {
            task.await.expect("no panic").expect("delivered");
        }
        let sink = Arc::into_inner(transport).expect("every task has ended").sink;
        let printed = String::from_utf8(sink.into_inner().expect("no panic")).expect("UTF-8");
        assert_eq!(printed, frame(&samples::email()).repeat(100));
    }

    struct ClosedSink;

    impl Write for ClosedSink {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[tokio::test]
    async fn a_closed_console_is_a_passing_failure() {
        let delivered = ConsoleTransport::new(ClosedSink).deliver(&samples::sms()).await;
        assert!(matches!(delivered, Err(DeliveryError::Passing(_))));
    }
}
