//! Streams all clients as one JSON array. A page is read from the store when the page before it has been sent, so that
//! no more than one page is in memory.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use std::vec::IntoIter;

use actix_web::web::Bytes;
use asteroid_application::practice::{ClientListing, Clients};
use asteroid_clients::{Client, ClientKey};
use asteroid_kernel::{StorageError, in_one_line};
use futures_util::stream::{Stream, try_unfold};
use tracing::{Instrument, Span};

use super::client_reply::ClientReply;
use crate::core::StreamSlot;

/// How many clients are read at once.
pub(super) const PAGE_SIZE: usize = 500;

/// About how many bytes are handed to the connection at once.
const CHUNK_SIZE: usize = 16 * 1024;

/// The query that the pages are read with.
pub(super) struct ClientSource<P> {
    pub(super) practices: Arc<P>,
    pub(super) listing: ClientListing,
    /// How long one page may take.
    pub(super) timeout: Duration,
    /// Taken until the response is sent or aborted.
    pub(super) _slot: StreamSlot,
}

/// The stream was aborted. Its answer must not end as if it were complete.
#[derive(Debug)]
pub(super) struct StreamAborted;

impl fmt::Display for StreamAborted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the client stream was aborted")
    }
}

impl Error for StreamAborted {}

/// The answer, beginning with its first page.
pub(super) fn write<P: Clients>(
    source: ClientSource<P>,
    first: Vec<Client>,
) -> impl Stream<Item = Result<Bytes, StreamAborted>> {
    let span = Span::current();
    let first = ClientStream { source, next: next_of(&first), rows: first.into_iter(), separator: b'[' };
    try_unfold(Some(first), move |stream| step(stream).instrument(span.clone()))
}

struct ClientStream<P> {
    source: ClientSource<P>,
    /// Clients that are read and not yet written.
    rows: IntoIter<Client>,
    /// The client after which the next page begins; [`None`] if there is no next page.
    next: Option<ClientKey>,
    /// The byte before the next client.
    separator: u8,
}

/// The last client of a full page, after which there may be another page.
fn next_of(page: &[Client]) -> Option<ClientKey> {
    let last = page.last().filter(|_| page.len() == PAGE_SIZE);
    last.map(|client| client.record.key.clone())
}

/// The next bytes, and the rest of the stream.
async fn step<P: Clients>(
    stream: Option<ClientStream<P>>,
) -> Result<Option<(Bytes, Option<ClientStream<P>>)>, StreamAborted> {
    let Some(mut stream) = stream else { return Ok(None) };
    let mut chunk = stream.write();
    // Send what is written before reading the next page.
    if chunk.is_empty()
        && let Some(last) = stream.next.take()
    {
        stream.read_after(last).await?;
        chunk = stream.write();
    }
    if stream.rows.len() > 0 || stream.next.is_some() {
        return Ok(Some((chunk.into(), Some(stream))));
    }
    if stream.separator == b'[' {
        chunk.push(b'[');
    }
    chunk.push(b']');
    Ok(Some((chunk.into(), None)))
}

impl<P: Clients> ClientStream<P> {
    /// Writes some of the clients that are read; empty if there are none.
    fn write(&mut self) -> Vec<u8> {
        let mut chunk = Vec::new();
        while chunk.len() < CHUNK_SIZE
            && let Some(client) = self.rows.next()
        {
            chunk.push(self.separator);
            self.separator = b',';
            serde_json::to_writer(&mut chunk, &ClientReply::from(&client))
                .expect("a client is written to memory, and its keys are strings");
        }
        chunk
    }

    async fn read_after(&mut self, last: ClientKey) -> Result<(), StreamAborted> {
        let ClientSource { practices, listing, timeout, .. } = &self.source;
        let page = practices.next_clients(listing.clone(), Some(last), PAGE_SIZE);
        let page = tokio::time::timeout(*timeout, page).await.map_err(|_| {
            tracing::error!("the client stream was aborted: the use case took too long");
            StreamAborted
        })?;
        let page = page.map_err(|error: StorageError| {
            tracing::error!("the client stream was aborted: {}", in_one_line(&error));
            StreamAborted
        })?;
        self.next = next_of(&page);
        self.rows = page.into_iter();
        Ok(())
    }
}
