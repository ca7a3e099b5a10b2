use std::io::{self, Write};

use asteroid_import::{ImportObserver, RefusedRecord, WarnedRecord};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Shows the progress of an import, and the refused records, on standard error.
pub(super) struct Progress {
    bar: ProgressBar,
    quiet: bool,
}

impl Progress {
    /// A progress bar up to this many bytes; without a total, the number of bytes. Only a terminal gets one. `quiet` shows
    /// nothing at all.
    pub(super) fn new(bytes: Option<u64>, quiet: bool) -> Self {
        let target = if quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
        let bar = ProgressBar::with_draw_target(bytes, target);
        let template = match bytes {
            Some(_) => "{wide_bar} {bytes}/{total_bytes} {elapsed} ({eta} to go)",
            None => "{bytes} read in {elapsed}",
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        Self { bar, quiet }
    }

    /// Prints these lines above the bar.
    fn print(&self, lines: &[String]) {
        if self.quiet {
            return;
        }
        self.bar.suspend(|| {
            let mut stderr = io::stderr().lock();
            for line in lines {
                // A closed standard error is no reason to stop.
                let _ = writeln!(stderr, "{line}");
            }
        });
    }
}

impl ImportObserver for Progress {
    fn bytes_read(&self, count: u64) {
        self.bar.inc(count);
    }

    fn record_refused(&self, record: &RefusedRecord) {
        self.print(&record.lines());
    }

    fn record_warned(&self, record: &WarnedRecord) {
        self.print(&record.lines());
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
