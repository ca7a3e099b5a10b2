//! The parsers of a connection's bytes, for the fuzz targets.

use actix_web::web::BytesMut;

use super::chunks::{ChunkParser, ChunkStep};
use super::head::forward;

/// Reads heads and chunked bodies until the first error. What was written of a head is read as the same head again, so that
/// no second reader understands it otherwise.
pub(crate) fn http_head(mut input: BytesMut) {
    loop {
        let mut output = BytesMut::new();
        match forward(&mut input, &mut output) {
            Ok(Some(framing)) => {
                let (mut written, mut again) = (output.clone(), BytesMut::new());
                assert_eq!(forward(&mut written, &mut again), Ok(Some(framing)));
                assert!(written.is_empty(), "the head is all that was written");
                assert_eq!(again, output);
            }
            Ok(None) | Err(_) => break,
        }
    }
    let (mut state, mut output) = (ChunkParser::Size, BytesMut::new());
    while let ChunkStep::Next(next) = state.step(&mut input, &mut output) {
        state = next;
    }
}
