use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::local::is_local;
use super::render;
use crate::core::{Surface, page as html_page};
use crate::wire::ListenAddress;

#[derive(Template)]
#[template(path = "start.html")]
struct StartTemplate {
    /// The URL of the server, in development on its machine.
    development: Option<String>,
    /// The URL of the console, there.
    console: Option<String>,
}

/// The start page.
pub(super) fn page<S: Surface>(
    request: &HttpRequest,
    shows_outbox: bool,
    console: Option<&String>,
) -> HttpResponse {
    // The listen address, not the host that the request names.
    let listened_on = request.conn_data::<ListenAddress>().map(|address| address.0);
    let address = listened_on.unwrap_or_else(|| request.app_config().local_addr());
    let development = (shows_outbox && is_local(request.head())).then(|| format!("http://{address}"));
    let console = console.filter(|_| development.is_some()).cloned();
    match render(&StartTemplate { development, console }) {
        Ok(html) => html_page("no-cache", html),
        Err(error) => S::answer(&error),
    }
}
