//! `GET /clients` without a limit: the stream of all clients, its backpressure and its errors.

use std::future::pending;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::test::{TestRequest, call_service, init_service};
use actix_web::web::Bytes;
use actix_web::{App, HttpServer};
use asteroid_application::accounts::Caller;
use asteroid_application::practice::{
    ClientListing, ClientQuery, Clients, ClientsError, ClientsSeen, PracticeProfile, PracticeProfiles,
    TermsAccepted, TermsGateError, TermsOfUse, TermsStatus,
};
use asteroid_clients::{Client, ClientFilter, ClientKey, ExternalId, PracticeId};
use asteroid_http::{HttpSettings, StreamSlots, app, practice_api};
use asteroid_kernel::{Origin, StorageError};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};

use crate::access_log::{lines_during, printed};
use crate::harness::practice_api::{ask, client_of_id};
use crate::harness::{TOKEN, parts_of, signed_in_accounts, with_token};

/// How many clients are read at once.
const PAGE: usize = 500;

/// The result of reading a page.
#[derive(Clone, Copy)]
enum Fate {
    Read,
    /// It takes this long.
    Delayed(Duration),
    /// It never completes.
    Never,
    Fails,
    Panics,
}

/// A practice with this many clients, whose ids are `000001` and so on.
struct Practice {
    clients: usize,
    /// The result of every page from this one on.
    from: usize,
    fate: Fate,
    asked: AtomicUsize,
}

impl Practice {
    fn of(clients: usize) -> Arc<Self> {
        Self::with(clients, 0, Fate::Read)
    }

    fn with(clients: usize, from: usize, fate: Fate) -> Arc<Self> {
        Arc::new(Self::new(clients, from, fate))
    }

    fn new(clients: usize, from: usize, fate: Fate) -> Self {
        Self { clients, from, fate, asked: AtomicUsize::new(0) }
    }

    /// How many pages were read.
    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

impl PracticeProfiles for Practice {
    async fn practice_profile(
        &self,
        _: Caller,
        _: Option<PracticeId>,
    ) -> Result<Option<PracticeProfile>, StorageError> {
        Ok(None)
    }
}

impl TermsOfUse for Practice {
    async fn terms_status(&self, _: Caller) -> Result<Option<TermsStatus>, StorageError> {
        Ok(None)
    }

    async fn accept_terms(&self, _: Caller, _: Origin) -> Result<(), StorageError> {
        Ok(())
    }

    async fn pass_terms_gate(&self, caller: Caller) -> Result<TermsAccepted, TermsGateError> {
        Ok(TermsAccepted::assumed(caller))
    }
}

impl Clients for Practice {
    async fn look_at_clients(&self, _: TermsAccepted, _: ClientQuery) -> Result<ClientsSeen, ClientsError> {
        let practice = PracticeId(1);
        Ok(ClientsSeen::All(ClientListing::assumed(ClientFilter {
            practice,
            status: None,
            updated_since: None,
            prefix: None,
        })))
    }

    async fn next_clients(
        &self,
        _: ClientListing,
        after: Option<ClientKey>,
        at_most: usize,
    ) -> Result<Vec<Client>, StorageError> {
        assert_eq!(at_most, PAGE);
        let page = self.asked.fetch_add(1, Ordering::SeqCst);
        match self.fate {
            Fate::Read => {}
            _ if page < self.from => {}
            Fate::Delayed(duration) => sleep(duration).await,
            Fate::Never => pending().await,
            Fate::Fails => return Err(StorageError::Failed("disk I/O error".into())),
            Fate::Panics => panic!("a bug"),
        }
        let first = after.map_or(0, |after| after.id.as_str().parse().expect("a number"));
        let last = self.clients.min(first + at_most);
        Ok((first + 1..=last).map(|number| client_of_id(&format!("{number:06}"))).collect())
    }

    async fn find_client(
        &self,
        _: TermsAccepted,
        _: Option<PracticeId>,
        _: ExternalId,
    ) -> Result<Client, ClientsError> {
        Err(ClientsError::NotFound)
    }
}

/// The body of the answer to a request for all clients.
async fn body(practice: &Arc<Practice>) -> BoxBody {
    let settings = Arc::new(HttpSettings::default());
    let streams = StreamSlots::new(&settings);
    let surface =
        practice_api::configure(Arc::new(signed_in_accounts()), Arc::clone(practice), settings, streams);
    let service = init_service(App::new().configure(surface)).await;
    let request = with_token(TestRequest::get().uri("/clients")).to_request();
    let response = call_service(&service, request).await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.response().body().size(), BodySize::Stream);
    response.into_body()
}

fn poll(body: &mut BoxBody) -> Poll<Option<Result<Bytes, String>>> {
    let polled = Pin::new(body).poll_next(&mut Context::from_waker(Waker::noop()));
    polled.map(|chunk| chunk.map(|chunk| chunk.map_err(|error| error.to_string())))
}

async fn next(body: &mut BoxBody) -> Option<Result<Bytes, String>> {
    std::future::poll_fn(|context| Pin::new(&mut *body).poll_next(context))
        .await
        .map(|chunk| chunk.map_err(|error| error.to_string()))
}

/// All bytes of the body, and whether it ended without an error.
async fn read(body: &mut BoxBody) -> (Vec<u8>, Result<(), String>) {
    let mut bytes = Vec::new();
    while let Some(chunk) = next(body).await {
        match chunk {
            Ok(chunk) => bytes.extend_from_slice(&chunk),
            Err(error) => return (bytes, Err(error)),
        }
    }
    (bytes, Ok(()))
}

#[actix_web::test]
async fn every_client_is_streamed_once_and_in_order() {
    for clients in [0, 1, 499, 500, 501, 1000, 1777] {
        let practice = Practice::of(clients);
        let (bytes, end) = read(&mut body(&practice).await).await;
        assert_eq!(end, Ok(()));
        let list: Vec<Value> = serde_json::from_slice(&bytes).expect("a JSON array");
        let ids: Vec<&str> = list.iter().map(|client| client["clientId"].as_str().expect("an id")).collect();
        let expected: Vec<String> = (1..=clients).map(|number| format!("{number:06}")).collect();
        assert_eq!(ids, expected);
        // A full page may not be the last one.
        assert_eq!(practice.asked(), clients / PAGE + 1);
    }
}

#[actix_web::test]
async fn the_first_page_is_sent_before_the_second_is_read() {
    let practice = Practice::with(3 * PAGE, 1, Fate::Never);
    let mut body = body(&practice).await;
    let mut bytes = Vec::new();
    while let Poll::Ready(chunk) = poll(&mut body) {
        assert_eq!(practice.asked(), 1, "{} bytes", bytes.len());
        let chunk = chunk.expect("more").expect("bytes");
        // Small enough for the backpressure of a connection.
        assert!((1..32 * 1024).contains(&chunk.len()));
        bytes.extend_from_slice(&chunk);
    }
    assert_eq!(practice.asked(), 2);
    // The whole first page is sent by now.
    bytes.push(b']');
    let list: Vec<Value> = serde_json::from_slice(&bytes).expect("a JSON array");
    assert_eq!(list.len(), PAGE);
}

#[actix_web::test]
async fn a_page_is_read_only_after_the_previous_one_was_sent() {
    let practice = Practice::of(10 * PAGE);
    let mut body = body(&practice).await;
    let mut taken = 0;
    while let Some(chunk) = next(&mut body).await {
        let asked = practice.asked();
        let chunk = chunk.expect("bytes");
        taken += String::from_utf8_lossy(&chunk).matches("\"petRecordsStatus\"").count();
        assert!(asked <= taken.div_ceil(PAGE).max(1) + usize::from(taken == 10 * PAGE), "{taken}: {asked}");
    }
    assert_eq!(taken, 10 * PAGE);
}

#[actix_web::test]
async fn a_storage_error_in_the_middle_aborts_the_body() {
    for fate in [Fate::Fails, Fate::Never] {
        tokio::time::pause();
        let mut body = body(&Practice::with(3 * PAGE, 2, fate)).await;
        let (bytes, end) = read(&mut body).await;
        assert_eq!(end, Err("the client stream was aborted".to_owned()));
        assert!(serde_json::from_slice::<Value>(&bytes).is_err(), "what came is no whole document");
        assert!(String::from_utf8_lossy(&bytes).contains("\"clientId\":\"001000\""));
        tokio::time::resume();
    }
}

#[actix_web::test]
async fn the_handler_timeout_applies_to_each_page_and_not_to_the_stream() {
    tokio::time::pause();
    let started = Instant::now();
    let practice = Practice::with(5 * PAGE, 0, Fate::Delayed(Duration::from_secs(6)));
    let (bytes, end) = read(&mut body(&practice).await).await;
    assert_eq!((end, started.elapsed().as_secs()), (Ok(()), 36));
    assert_eq!(serde_json::from_slice::<Vec<Value>>(&bytes).map(|list| list.len()).ok(), Some(5 * PAGE));
}

#[actix_web::test]
async fn a_timeout_of_the_first_page_is_answered_503() {
    tokio::time::pause();
    for path in ["/clients", "/clients?limit=499"] {
        let practice = Practice::new(PAGE, 0, Fate::Never);
        let request = with_token(TestRequest::get().uri(path));
        let started = Instant::now();
        let answer = ask(signed_in_accounts(), practice, request).await;
        assert_eq!((answer.status.as_u16(), started.elapsed().as_secs()), (503, 10));
        assert_eq!(answer.header("retry-after"), Some("5"));
    }
}

#[actix_web::test]
async fn an_aborted_stream_is_logged_with_the_request_id() {
    let practice = Practice::new(3 * PAGE, 1, Fate::Fails);
    let parts = parts_of(signed_in_accounts(), practice, HttpSettings::default());
    let lines = lines_during(async {
        let service = init_service(app(&parts)).await;
        let request = with_token(TestRequest::get().uri("/clients?q=secret"));
        let request = request.insert_header(("x-request-id", "r-1")).to_request();
        let mut body = call_service(&service, request).await.into_body();
        assert!(read(&mut body).await.1.is_err());
    });
    insta::assert_snapshot!(printed(&lines.await), @r#"
    ERROR "the client stream was aborted: the store failed: disk I/O error" {} in {"method":"GET","name":"request","request_id":"r-1","route":"/clients"}
    INFO "the answer was aborted" {"bytes":984500,"duration_ms":"any","method":"GET","request_id":"r-1","route":"/clients","status":200,"user_id":1}
    "#);
}

/// A server with the clients of this practice, and a connection with a request for them.
async fn connect(practice: &Arc<Practice>, method: &str) -> (actix_web::dev::ServerHandle, TcpStream) {
    let practice = Arc::clone(practice);
    let accounts = Arc::new(signed_in_accounts());
    let server = HttpServer::new(move || {
        let settings = Arc::new(HttpSettings::default());
        App::new().configure(practice_api::configure(
            Arc::clone(&accounts),
            Arc::clone(&practice),
            settings,
            StreamSlots::new(&HttpSettings::default()),
        ))
    });
    let server = server.workers(1).disable_signals().bind("127.0.0.1:0").expect("a free port");
    let address = server.addrs()[0];
    let server = server.run();
    let handle = server.handle();
    actix_web::rt::spawn(server);
    let mut stream = TcpStream::connect(address).await.expect("the server listens");
    let request = format!(
        "{method} /clients HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {TOKEN}\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.expect("the server reads");
    (handle, stream)
}

/// All bytes until the connection is closed.
async fn read_to_end(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    // The error of an aborted connection depends on the system.
    let _ = timeout(Duration::from_secs(20), stream.read_to_end(&mut bytes)).await.expect("it is closed");
    String::from_utf8_lossy(&bytes).into_owned()
}

#[actix_web::test]
async fn only_a_complete_stream_ends_with_the_last_chunk() {
    let whole = Practice::of(3 * PAGE);
    let (server, mut stream) = connect(&whole, "GET").await;
    let answer = read_to_end(&mut stream).await;
    assert!(answer.contains("transfer-encoding: chunked"), "{}", &answer[..300]);
    assert!(answer.ends_with("]\r\n0\r\n\r\n"));
    server.stop(false).await;
    for fate in [Fate::Fails, Fate::Panics] {
        let (server, mut stream) = connect(&Practice::with(3 * PAGE, 1, fate), "GET").await;
        let answer = read_to_end(&mut stream).await;
        assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.contains("\"clientId\":\"000001\""));
        assert!(!answer.contains("\r\n0\r\n"), "the last chunk must not come");
        server.stop(false).await;
    }
}

#[actix_web::test]
async fn the_first_bytes_arrive_while_the_second_page_is_read() {
    let (server, mut stream) = connect(&Practice::with(2 * PAGE, 1, Fate::Never), "GET").await;
    let mut seen = String::new();
    let mut buffer = vec![0; 64 * 1024];
    while !seen.contains("\"clientId\":\"000500\"") {
        let read = timeout(Duration::from_secs(5), stream.read(&mut buffer)).await.expect("in time");
        seen += &String::from_utf8_lossy(&buffer[..read.expect("bytes")]);
    }
    server.stop(false).await;
}

#[actix_web::test]
async fn no_page_is_read_for_a_client_that_does_not_read() {
    let practice = Practice::of(400 * PAGE);
    let (server, mut stream) = connect(&practice, "GET").await;
    let mut buffer = [0; 1024];
    stream.read_exact(&mut buffer).await.expect("the beginning");
    // The system's buffers fill up, and then no more bytes are sent.
    let mut asked = 0;
    while asked != practice.asked() {
        asked = practice.asked();
        sleep(Duration::from_millis(500)).await;
    }
    assert!((1..40).contains(&asked), "{asked} pages were read ahead");
    // The stream continues when the client reads, and ends when the client disconnects.
    let mut some = vec![0; 16 * 1024 * 1024];
    stream.read_exact(&mut some).await.expect("more");
    while practice.asked() <= asked {
        sleep(Duration::from_millis(10)).await;
    }
    drop(stream);
    let mut asked = 0;
    while asked != practice.asked() {
        asked = practice.asked();
        sleep(Duration::from_millis(500)).await;
    }
    assert!(asked < 100, "{asked} pages were read after the client had disconnected");
    server.stop(false).await;
}

#[actix_web::test]
async fn head_reads_no_clients_and_ends() {
    let practice = Practice::of(3 * PAGE);
    let (server, mut stream) = connect(&practice, "HEAD").await;
    let answer = read_to_end(&mut stream).await;
    let (head, body) = answer.split_once("\r\n\r\n").expect("a whole head");
    assert!(head.starts_with("HTTP/1.1 200 OK"), "{head}");
    assert_eq!((body, practice.asked()), ("", 0));
    server.stop(false).await;
}

#[actix_web::test]
async fn a_user_has_four_streams_at_once_over_all_workers() {
    let practice = Practice::new(3 * PAGE, 0, Fate::Read);
    let parts = parts_of(signed_in_accounts(), practice, HttpSettings::default());
    // Two workers.
    let services = [init_service(app(&parts)).await, init_service(app(&parts)).await];
    let get = async |worker: usize| {
        let request = with_token(TestRequest::get().uri("/clients")).to_request();
        call_service(&services[worker], request).await
    };
    let mut streams = Vec::new();
    for worker in [0, 1, 0, 1] {
        let response = get(worker).await;
        assert_eq!(response.status(), 200);
        streams.push(response.into_body());
    }
    let refused = get(0).await;
    assert_eq!(refused.status(), 429);
    assert_eq!(refused.headers().get("retry-after").expect("a time"), "5");
    // One is read to its end, another client goes away.
    assert!(read(&mut streams[0]).await.1.is_ok());
    assert_eq!(get(0).await.status(), 200);
    streams.pop();
    assert_eq!(get(1).await.status(), 200);
}
