//! `/admin/settings`

use askama::Template;
use asteroid_application::administration::Administration;

use super::session::Visitor;
use super::{ConsoleAccounts, ConsoleContext, Frame, PageResult, filters, show};
use crate::admin::objects::AdminKeyObject;

/// What a server says of itself, without a secret.
pub trait ServerFacts: Send + Sync + 'static {
    /// The settings in force.
    fn settings(&self) -> String;

    /// The keys of codes and tokens.
    ///
    /// # Errors
    ///
    /// Why they cannot be read, in a sentence.
    fn keys(&self) -> Result<Vec<KeyFact>, String>;
}

/// A key of codes or tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyFact {
    /// `codes` or `tokens`.
    pub ring: String,
    /// The id.
    pub id: String,
    /// Whether it signs, verifies, or waits to sign.
    pub state: &'static str,
    /// When it was made, if that is known.
    pub made_at: Option<String>,
    /// The fingerprint.
    pub fingerprint: String,
}

#[derive(Template)]
#[template(path = "console/settings.html")]
struct SettingsPage {
    frame: Frame,
    version: &'static str,
    settings: String,
    keys: Vec<KeyFact>,
    keys_problem: Option<String>,
    programs: Vec<AdminKeyObject>,
}

/// The page.
pub(super) async fn page<A: ConsoleAccounts, D: Administration>(
    mut context: ConsoleContext<A, D>,
) -> PageResult {
    let visitor = Visitor::of(&mut context).await?;
    let programs = context.call(|console| console.administration.list_admin_keys()).await??;
    let facts = &context.use_cases().facts;
    let (keys, keys_problem) = match facts.keys() {
        Ok(keys) => (keys, None),
        Err(problem) => (Vec::new(), Some(problem)),
    };
    show(&SettingsPage {
        version: env!("CARGO_PKG_VERSION"),
        settings: facts.settings(),
        keys,
        keys_problem,
        programs: programs.iter().map(AdminKeyObject::from).collect(),
        frame: visitor.frame(&context, "/admin/settings"),
    })
}
