//! `/admin/terms`, `/admin/terms/publish`, `/admin/terms/acceptances`

use askama::Template;
use asteroid_application::PublishTermsError;
use asteroid_application::administration::Administration;
use asteroid_kernel::UserId;
use asteroid_terms::{TermsVersion, VersionLabel};

use super::session::{Visitor, query};
use super::{ConsoleAccounts, ConsoleContext, Frame, PAGE_LENGTH, PageError, PageResult, filters, show};
use crate::admin::next_page;
use crate::admin::objects::AcceptanceObject;
use crate::core::ApiError;

struct VersionView {
    label: String,
    published_at: String,
    text: String,
    in_force: bool,
}

#[derive(Template)]
#[template(path = "console/terms.html")]
struct TermsPage {
    frame: Frame,
    versions: Vec<VersionView>,
    /// The version that is typed.
    label: String,
    text: String,
    /// Whether it is shown before it is published.
    is_preview: bool,
    problem: Option<String>,
}

#[derive(Template)]
#[template(path = "console/acceptances.html")]
struct AcceptancesPage {
    frame: Frame,
    label: String,
    acceptances: Vec<(i64, AcceptanceObject)>,
    next: Option<String>,
}

/// The page.
pub(super) async fn page<A: ConsoleAccounts, D: Administration>(
    mut context: ConsoleContext<A, D>,
) -> PageResult {
    let visitor = Visitor::of(&mut context).await?;
    show_terms(&mut context, &visitor, String::new(), String::new(), false, None).await
}

async fn show_terms<A: ConsoleAccounts, D: Administration>(
    context: &mut ConsoleContext<A, D>,
    visitor: &Visitor,
    label: String,
    text: String,
    is_preview: bool,
    problem: Option<String>,
) -> PageResult {
    let versions = context.call(|console| console.administration.list_terms()).await??;
    let view = |(index, version): (usize, TermsVersion)| VersionView {
        label: version.label.to_string(),
        published_at: version.published_at.to_string(),
        text: version.text,
        in_force: index == 0,
    };
    let versions = versions.into_iter().enumerate().map(view).collect();
    let frame = visitor.frame(context, "/admin/terms");
    show(&TermsPage { frame, versions, label, text, is_preview, problem })
}

/// Shows a version before it is published, and publishes it once that is confirmed.
pub(super) async fn publish<A: ConsoleAccounts, D: Administration>(
    mut context: ConsoleContext<A, D>,
) -> PageResult {
    let visitor = Visitor::of(&mut context).await?;
    let form = visitor.form(&mut context).await?;
    // Browsers write line ends of forms as CRLF.
    let (label, text) = (form.get("label").trim().to_owned(), form.get("text").replace("\r\n", "\n"));
    let version = match VersionLabel::parse(&label) {
        Ok(version) => version,
        Err(error) => {
            let problem = Some(format!("The version is refused: {error}."));
            return show_terms(&mut context, &visitor, label, text, false, problem).await;
        }
    };
    if form.get("confirm") != label {
        let problem = match form.get("confirm") {
            "" => None,
            _ => Some("The name was typed in another way: nothing was published.".to_owned()),
        };
        return show_terms(&mut context, &visitor, label, text, true, problem).await;
    }
    visitor.must_be_recent("/admin/terms")?;
    let operator = visitor.operator(&context);
    let (given, published) = (text.clone(), version);
    let published =
        context.call(|console| console.administration.publish_terms(published, given, operator)).await?;
    let problem = match published {
        Ok(()) => return Err(PageError::SeeOther("/admin/terms?done=publish".to_owned())),
        Err(PublishTermsError::Taken(error)) => format!("The version is not published: {error}."),
        Err(PublishTermsError::Invalid(error)) => format!("The version is refused: {error}."),
        Err(PublishTermsError::Storage(error)) => return Err(error.into()),
    };
    show_terms(&mut context, &visitor, label, text, false, Some(problem)).await
}

/// Who accepted a version.
pub(super) async fn acceptances<A: ConsoleAccounts, D: Administration>(
    mut context: ConsoleContext<A, D>,
) -> PageResult {
    let visitor = Visitor::of(&mut context).await?;
    let label = query(context.request(), "version");
    let version = VersionLabel::parse(&label).map_err(|_| ApiError::NotFound)?;
    let after = query(context.request(), "cursor").parse().ok().map(UserId);
    let page = context
        .call(|console| console.administration.list_acceptances(version, after, PAGE_LENGTH))
        .await??;
    let conditions = [("version", &label)];
    let next = page.next.map(|next| next_page("/admin/terms/acceptances", conditions, &next.to_string()));
    let acceptances = page.items.iter().map(|one| (one.user.0, AcceptanceObject::from(one))).collect();
    show(&AcceptancesPage { frame: visitor.frame(&context, "/admin/terms"), label, acceptances, next })
}
