//! `/admin/`

use std::time::Duration;

use askama::Template;
use asteroid_application::administration::{Administration, Overview};
use asteroid_audit::{Action, EventCount, HOUR, Outcome, hour_of};
use asteroid_kernel::Timestamp;

use super::session::Visitor;
use super::{ConsoleAccounts, ConsoleContext, Frame, PageResult, filters, show};
use crate::admin::objects::{EventObject, MessageObject};

const DAY: Duration = Duration::from_hours(24);
/// The height of a chart, in its own units; a bar is 8 wide, and 10 with the gap behind it.
const HEIGHT: u64 = 100;

/// A bar of a chart: what succeeded below, what failed above.
struct Bar {
    x: usize,
    done_y: u64,
    done_height: u64,
    failed_y: u64,
    failed_height: u64,
}

/// Sign-ins over time.
struct Chart {
    title: &'static str,
    done: u64,
    failed: u64,
    bars: Vec<Bar>,
    width: usize,
}

struct BacklogView {
    channel: &'static str,
    waiting: usize,
    oldest: Option<String>,
}

#[derive(Template)]
#[template(path = "console/overview.html")]
struct OverviewPage {
    frame: Frame,
    charts: [Chart; 2],
    backlogs: Vec<BacklogView>,
    failed: Vec<MessageObject>,
    events: Vec<EventObject>,
}

impl Chart {
    /// The sign-ins in so many steps of this length until the end.
    fn new(title: &'static str, counts: &[EventCount], end: Timestamp, step: Duration, steps: u32) -> Self {
        let mut sums = vec![(0, 0); steps as usize];
        let start = end - step * steps;
        let attempts =
            counts.iter().filter(|count| matches!(count.action, Action::SignIn | Action::VerifyCode));
        for count in attempts.filter(|count| count.hour >= start && count.hour < end) {
            let since = count.hour.as_micros() - start.as_micros();
            let index = u128::try_from(since).unwrap_or_default() / step.as_micros();
            let Some(sum) = usize::try_from(index).ok().and_then(|index| sums.get_mut(index)) else {
                continue;
            };
            match count.outcome {
                Outcome::Done => sum.0 += count.number,
                Outcome::Refused | Outcome::Limited => sum.1 += count.number,
            }
        }
        let highest = sums.iter().map(|(done, failed)| done + failed).max().unwrap_or_default().max(1);
        // A single one is seen beside many.
        let height = |number: u64| if number == 0 { 0 } else { (number * HEIGHT / highest).max(1) };
        let bar = |(index, (done, failed)): (usize, &(u64, u64))| {
            let (done_height, failed_height) = (height(*done), height(*failed));
            let done_y = HEIGHT.saturating_sub(done_height);
            Bar {
                x: index * 10,
                done_y,
                done_height,
                failed_y: done_y.saturating_sub(failed_height),
                failed_height,
            }
        };
        Self {
            title,
            done: sums.iter().map(|(done, _)| done).sum(),
            failed: sums.iter().map(|(_, failed)| failed).sum(),
            bars: sums.iter().enumerate().map(bar).collect(),
            width: sums.len() * 10,
        }
    }
}

/// The page.
pub(super) async fn page<A: ConsoleAccounts, D: Administration>(
    mut context: ConsoleContext<A, D>,
) -> PageResult {
    let visitor = Visitor::of(&mut context).await?;
    let Overview { at, counts, backlogs, failed, limited } =
        context.call(|console| console.administration.overview()).await??;
    let end = hour_of(at) + HOUR;
    let backlogs = backlogs.into_iter().map(|(channel, backlog)| BacklogView {
        channel: channel.as_str(),
        waiting: backlog.waiting,
        oldest: backlog.oldest.map(|at| at.to_string()),
    });
    show(&OverviewPage {
        frame: visitor.frame(&context, "/admin/"),
        charts: [
            Chart::new("Sign-ins of the last 24 hours", &counts, end, HOUR, 24),
            Chart::new("Sign-ins of the last 30 days", &counts, end, DAY, 30),
        ],
        backlogs: backlogs.collect(),
        failed: failed.iter().map(MessageObject::from).collect(),
        events: limited.iter().map(EventObject::from).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chart_sums_the_steps_until_its_end() {
        let end = Timestamp::parse("2026-01-02T04:00:00Z").expect("a time");
        let count = |hours: u32, action, outcome, number| EventCount {
            hour: end - HOUR * hours,
            action,
            outcome,
            number,
        };
        let counts = [
            count(25, Action::SignIn, Outcome::Done, 1000),
            count(24, Action::SignIn, Outcome::Done, 3),
            count(1, Action::SignIn, Outcome::Done, 1),
            count(1, Action::VerifyCode, Outcome::Done, 1),
            count(1, Action::SignIn, Outcome::Limited, 2),
            count(1, Action::Register, Outcome::Done, 500),
        ];
        let day = Chart::new("", &counts, end, HOUR, 24);
        assert_eq!((day.done, day.failed, day.bars.len(), day.width), (5, 2, 24, 240));
        let (first, last) = (&day.bars[0], &day.bars[23]);
        assert_eq!((first.done_y, first.done_height, first.failed_height), (25, 75, 0));
        assert_eq!((last.done_y, last.done_height, last.failed_y, last.failed_height), (50, 50, 0, 50));
        let month = Chart::new("", &counts, end, DAY, 30);
        assert_eq!((month.done, month.failed), (1005, 2));
        let empty = Chart::new("", &[], end, HOUR, 24);
        assert!(empty.bars.iter().all(|bar| bar.done_height + bar.failed_height == 0));
    }
}
