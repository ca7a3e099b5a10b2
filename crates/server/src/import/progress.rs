use std::io::{self, Read, Write};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// How far an import has come, to people at a terminal; and what it has to say meanwhile. Both go to standard error.
pub(crate) struct Progress {
    bar: ProgressBar,
    quiet: bool,
}

impl Progress {
    /// A bar over so many bytes; without it, only how many they are. Where nobody looks, there is none. If `quiet`,
    /// nothing is said either.
    pub(crate) fn new(bytes: Option<u64>, quiet: bool) -> Self {
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

    /// Counts what is read from a file.
    pub(crate) fn watch<R: Read>(&self, file: R) -> impl Read + use<R> {
        self.bar.wrap_read(file)
    }

    /// Says these lines, above the bar.
    pub(crate) fn say(&self, lines: &[String]) {
        if self.quiet {
            return;
        }
        self.bar.suspend(|| {
            let mut stderr = io::stderr().lock();
            for line in lines {
                // If nobody listens there, there is nobody to tell.
                let _ = writeln!(stderr, "{line}");
            }
        });
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
