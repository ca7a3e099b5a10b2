//! All clients as one JSON array, however many there are: pages are read while the answer is written, each when the
//! one before is with the client, and no more than one is held.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use std::vec::IntoIter;

use actix_web::web::Bytes;
use asteroid_application::ports::practice::Clients;
use asteroid_clients::{Client, ClientFilter, ClientKey};
use asteroid_kernel::{StorageError, in_one_line};
use futures_util::stream::{self, Stream};
use tracing::{Instrument, Span};

use super::client::ClientReply;

/// So many clients are read at once.
pub(super) const PAGE: usize = 500;

/// So many bytes are handed to the connection at once, or a few more.
const CHUNK: usize = 16 * 1024;

/// Where the list is read from.
pub(super) struct Source<P> {
    pub(super) practices: Arc<P>,
    pub(super) filter: ClientFilter,
    /// How long one page may take.
    pub(super) patience: Duration,
}

/// The list breaks off: its answer must not end as if it were whole.
#[derive(Debug)]
pub(super) struct BrokenOff;

impl fmt::Display for BrokenOff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the list breaks off")
    }
}

impl Error for BrokenOff {}

/// The answer from its first page on.
pub(super) fn write<P: Clients>(
    source: Source<P>,
    first: Vec<Client>,
) -> impl Stream<Item = Result<Bytes, BrokenOff>> {
    let span = Span::current();
    let listing = Listing { source, next: next_of(&first), rows: first.into_iter(), separator: b'[' };
    stream::try_unfold(Some(listing), move |listing| step(listing).instrument(span.clone()))
}

struct Listing<P> {
    source: Source<P>,
    /// What is read and not yet written.
    rows: IntoIter<Client>,
    /// The client behind which the next page is; none if there is no more.
    next: Option<ClientKey>,
    /// What stands before the next client.
    separator: u8,
}

/// The client behind which there may be another page.
fn next_of(page: &[Client]) -> Option<ClientKey> {
    let last = page.last().filter(|_| page.len() == PAGE);
    last.map(|client| client.record.key.clone())
}

/// The next bytes, and what is left after them.
async fn step<P: Clients>(
    listing: Option<Listing<P>>,
) -> Result<Option<(Bytes, Option<Listing<P>>)>, BrokenOff> {
    let Some(mut listing) = listing else { return Ok(None) };
    let mut chunk = listing.write();
    // What is written already goes out before more is asked for.
    if chunk.is_empty()
        && let Some(last) = listing.next.take()
    {
        listing.read_behind(last).await?;
        chunk = listing.write();
    }
    if listing.rows.len() > 0 || listing.next.is_some() {
        return Ok(Some((chunk.into(), Some(listing))));
    }
    if listing.separator == b'[' {
        chunk.push(b'[');
    }
    chunk.push(b']');
    Ok(Some((chunk.into(), None)))
}

impl<P: Clients> Listing<P> {
    /// Some of the rows that are read; nothing if there are none.
    fn write(&mut self) -> Vec<u8> {
        let mut chunk = Vec::new();
        while chunk.len() < CHUNK
            && let Some(client) = self.rows.next()
        {
            chunk.push(self.separator);
            self.separator = b',';
            serde_json::to_writer(&mut chunk, &ClientReply::from(&client))
                .expect("a client is written to memory, and its keys are strings");
        }
        chunk
    }

    async fn read_behind(&mut self, last: ClientKey) -> Result<(), BrokenOff> {
        let Source { practices, filter, patience } = &self.source;
        let page = practices.next_clients(filter.clone(), Some(last), PAGE);
        let page = tokio::time::timeout(*patience, page).await.map_err(|_| {
            tracing::error!("the list breaks off: the use case took too long");
            BrokenOff
        })?;
        let page = page.map_err(|error: StorageError| {
            tracing::error!("the list breaks off: {}", in_one_line(&error));
            BrokenOff
        })?;
        self.next = next_of(&page);
        self.rows = page.into_iter();
        Ok(())
    }
}
