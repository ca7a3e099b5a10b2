//! `asteroid serve`: builds every part from the settings, runs the server, and shuts it down.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, RwLock};

use actix_server::Server;
use actix_web::rt::System;
use asteroid_application::administration::Administration;
use asteroid_application::development::{ClearedMessages, DevelopmentOutbox};
use asteroid_application::{
    Accounts, Administrators, Dispatcher, KeyConflicts, KeyRegister, Monitoring, OpenOutbox, RecordKeysError,
    Retention, Tools,
};
use asteroid_argon2::{Argon2Hasher, StartError};
use asteroid_delivery::AnyTransport;
use asteroid_diesel::postgres::TlsMode;
use asteroid_http::wire::{self, WireSettings};
use asteroid_http::{
    AdminApi, AdminParts, FirstAdministrator, HttpSettings, MetricsSource, Parts, Readiness, StreamSlots,
    admin_app, app, auth, practice_api,
};
use asteroid_jwt::InvalidJwtKeys;
use asteroid_kernel::{Clock, Randomness, StorageError, in_one_line};
use asteroid_keyring::{KeysError, KeysFile, LoadedKeys};
use asteroid_runtime::{
    BackgroundTasks, OutboxNotifier, ReloadSignal, ShutdownSignal, TokioTimer, close_storage,
};
use asteroid_verification::KeyIdentity;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::runtime::Builder;
use tokio::sync::Notify;
use tokio::task::{JoinError, JoinHandle};
use tokio::time::{Instant, timeout_at};

use crate::banner::banner;
use crate::config::{AdminListenerSettings, Configuration, DatabaseUrl, NoKeysFile, ServerProfile, Settings};
use crate::facts::Facts;
use crate::keys::{token_signer, tombstone_keys};
use crate::listener::{BoundListener, ListenError};
use crate::messages::{self, TemplateErrors};
use crate::metrics::{self, MetricsError, ServerMetrics};
use crate::observed::Observed;
use crate::reload::{Reload, Reloader};
use crate::service_manager;
use crate::shutdown::Shutdown;
use crate::storage::{self, ServerStorage, StoreError, with_storage};

/// Why a server could not start, or failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ServeError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    NoKeysFile(#[from] NoKeysFile),
    #[error("the keys cannot be used (keys.file)")]
    Keys(#[from] KeysError),
    #[error("the keys cannot be used (keys.file)")]
    TokenKeys(#[from] InvalidJwtKeys),
    #[error(
        "the keys in {} (keys.file) are not those of this database: {conflicts}. Use the key file of its other servers. If a \
         key is lost, `asteroid keys retire ID` lets the server start without it",
        file.display()
    )]
    OtherKeys { file: PathBuf, conflicts: KeyConflicts },
    #[error("the keys of the database cannot be read")]
    KeyRegister(#[source] StorageError),
    #[error(transparent)]
    Messages(#[from] TemplateErrors),
    #[error("passwords cannot be hashed (passwords.hashing)")]
    Hashing(#[from] StartError),
    #[error(transparent)]
    Listen(#[from] ListenError),
    #[error("metrics cannot be recorded")]
    Metrics(#[from] MetricsError),
    #[error("the threads for the database cannot be started")]
    Threads(#[source] io::Error),
    #[error("the database could not be opened")]
    Broken(#[source] JoinError),
    #[error("the handlers of shutdown signals cannot be installed")]
    Signal(#[source] io::Error),
    #[error("the server failed")]
    Server(#[source] io::Error),
}

struct StoreReadiness<S>(Arc<S>);

impl<S: ServerStorage> Readiness for StoreReadiness<S> {
    async fn check(&self) -> Result<(), StorageError> {
        self.0.check().await
    }
}

/// The signals that the server reacts to.
struct Signals {
    stop: ShutdownSignal,
    reload: ReloadSignal,
}

/// Serves until the shutdown signal.
pub(crate) fn run(
    configuration: &Configuration,
    reload: Reload,
    clock: &Arc<dyn Clock>,
    randomness: &Arc<dyn Randomness>,
) -> Result<(), ServeError> {
    let settings = &configuration.settings;
    // PostgreSQL has its own runtime: the runtimes of HTTP workers end before its connections do.
    let threads = match settings.database.url {
        DatabaseUrl::Sqlite(_) => None,
        DatabaseUrl::Postgres(_) => {
            let threads = Builder::new_multi_thread().thread_name("database").enable_all().build();
            Some(threads.map_err(ServeError::Threads)?)
        }
    };
    // Before anything that is measured.
    let recorder = settings.admin.bind.map(|_| metrics::install()).transpose()?;
    let ended = System::new().block_on(async {
        // Before anything else, so that a signal during the start shuts down gracefully, too.
        let stop = ShutdownSignal::listen().map_err(ServeError::Signal)?;
        let signals = Signals { stop, reload: ReloadSignal::listen().map_err(ServeError::Signal)? };
        let open = {
            let (settings, clock, randomness) = (settings.clone(), Arc::clone(clock), Arc::clone(randomness));
            async move { storage::open(&settings, &clock, &randomness).await }
        };
        let store = match &threads {
            None => open.await?,
            Some(threads) => threads.spawn(open).await.map_err(ServeError::Broken)??,
        };
        with_storage!(store, |storage| serve(
            storage,
            configuration,
            reload,
            clock,
            randomness,
            signals,
            recorder
        )
        .await)
    });
    if let Some(threads) = threads {
        threads.shutdown_background();
    }
    ended
}

async fn serve<S: ServerStorage>(
    storage: Arc<S>,
    configuration: &Configuration,
    reload: Reload,
    clock: &Arc<dyn Clock>,
    randomness: &Arc<dyn Randomness>,
    signals: Signals,
    recorder: Option<PrometheusHandle>,
) -> Result<(), ServeError> {
    let settings = &configuration.settings;
    let LoadedKeys { codes, tokens, identities, .. } = keys(settings, &**clock, &**randomness)?;
    let rules = settings.account_rules();
    let register =
        KeyRegister::new(storage.patient(), Arc::clone(clock), Arc::clone(randomness), rules.clone());
    record_keys(&register, &identities, settings).await?;
    let (keys, signer) = (Arc::new(codes), Arc::new(token_signer(tokens)?));
    let identities = Arc::new(RwLock::new(identities));
    let hashing = (&settings.passwords.hashing).into();
    let hasher = Arc::new(Argon2Hasher::start(hashing, Arc::clone(randomness))?);
    let notifier = OutboxNotifier::default();
    warn_of_unsafe(settings);

    let (renderer, facts) = (messages::renderer(settings)?, Facts::new(configuration)?);
    let terminal_closed = Arc::new(Notify::new());
    let reloader = Reloader {
        reload,
        settings: settings.clone(),
        codes: Arc::clone(&keys),
        signer: Arc::clone(&signer),
        identities: Arc::clone(&identities),
        renderer: renderer.clone(),
        register,
        terminal_closed: Arc::clone(&terminal_closed),
    };
    let dispatcher = Dispatcher {
        storage: Arc::clone(&storage),
        email: AnyTransport::from(settings.email.url.clone()),
        sms: AnyTransport::from(settings.sms.url.clone()),
        renderer: renderer.clone(),
        keys: Arc::clone(&keys),
        clock: Arc::clone(clock),
        randomness: Arc::clone(randomness),
        rules: (&settings.outbox).into(),
    };
    let retention = retention(&storage, settings, clock, &identities);
    let development_outbox = match settings.profile {
        ServerProfile::Production => None,
        ServerProfile::Development => Some(Arc::new(OpenOutbox {
            storage: Arc::clone(&storage),
            renderer,
            keys: Arc::clone(&keys),
            clock: Arc::clone(clock),
            challenges: rules.challenges,
            cleared: ClearedMessages::default(),
        })),
    };
    let administration = administrators(&storage, &hasher, settings, clock, randomness)?;
    let (first, first_link) = first_administrator(settings, &administration, &**randomness).await;
    let tools = Tools {
        clock: Arc::clone(clock),
        randomness: Arc::clone(randomness),
        timer: Arc::new(TokioTimer),
        signal: Arc::new(notifier.clone()),
        keys,
        signer,
        rules,
    };
    let Listening { server, address, admin } = listen(
        settings,
        Parts {
            accounts: Arc::new(Observed(Accounts::new(Arc::clone(&storage), hasher, tools))),
            practices: Arc::new(storage::practices(&storage, clock, randomness)),
            readiness: Arc::new(StoreReadiness(Arc::clone(&storage))),
            development_outbox,
            clock: Arc::clone(clock),
            randomness: Arc::clone(randomness),
            streams: StreamSlots::new(&settings.http_settings()),
            settings: Arc::new(settings.http_settings()),
        },
        recorder.clone().map(|handle| {
            let (storage, clock) = (Arc::clone(&storage), Arc::clone(clock));
            let session_idle = settings.sessions.idle.get();
            let metrics = ServerMetrics::new(handle, Monitoring { storage, clock, session_idle });
            AdminSide { metrics, administration, facts, first }
        }),
    )?;
    let upkeep = recorder.map(|handle| actix_web::rt::spawn(metrics::upkeep(handle)));
    if settings.profile == ServerProfile::Development {
        // A closed standard output is not an error.
        let _ = io::stdout().write_all(banner(settings, address, admin, first_link.as_deref()).as_bytes());
    }

    let background = BackgroundTasks::start(dispatcher, retention, &notifier);
    let reloading = actix_web::rt::spawn(reloader.run(signals.reload));
    let watchdog = service_manager::ready();
    let shutdown =
        Shutdown { requests: settings.http.shutdown_timeout.get(), workers: settings.http_workers() };
    let (ended, deadline) = shutdown.run(server, signals.stop, &terminal_closed, address).await;
    service_manager::stopping(watchdog);
    if let Some(upkeep) = upkeep {
        upkeep.abort();
    }
    stop(background, reloading, deadline).await;
    close_storage(storage).await;
    tracing::info!("stopped");
    ended.map_err(ServeError::Server)
}

/// Ends what runs beside requests, and waits for it until the deadline.
async fn stop(background: BackgroundTasks, reloading: JoinHandle<()>, deadline: Instant) {
    reloading.abort();
    // It holds the storage until it has ended.
    let _ = timeout_at(deadline, reloading).await;
    // What is not delivered by then is delivered by the next start.
    if timeout_at(deadline, background.stop()).await.is_err() {
        tracing::warn!("stopping, though background tasks still run");
    }
}

/// Records the keys in the store, which must not know others of their names.
async fn record_keys<S: ServerStorage>(
    register: &KeyRegister<S>,
    keys: &[KeyIdentity],
    settings: &Settings,
) -> Result<(), ServeError> {
    register.record(keys).await.map_err(|error| match error {
        RecordKeysError::Conflicts(conflicts) => match settings.keys_file() {
            Ok(file) => ServeError::OtherKeys { file, conflicts },
            Err(error) => error.into(),
        },
        RecordKeysError::Storage(error) => ServeError::KeyRegister(error),
    })
}

fn warn_of_unsafe(settings: &Settings) {
    if !settings.limits.enabled {
        tracing::warn!(
            "limits.enabled is false: passwords and codes are not rate limited; only the guesses at each code are"
        );
    }
    if let DatabaseUrl::Postgres(url) = &settings.database.url
        && url.tls() == TlsMode::Disabled
        && !url.is_local()
    {
        tracing::warn!("database.url has sslmode=disable: the connection to the database is not encrypted");
    }
}

/// In production the key file exists: it was checked before the start.
fn keys(
    settings: &Settings,
    clock: &dyn Clock,
    randomness: &dyn Randomness,
) -> Result<LoadedKeys, ServeError> {
    let file = KeysFile::at(settings.keys_file()?);
    let loaded = match settings.profile {
        ServerProfile::Development => file.load_or_create(clock, randomness)?,
        ServerProfile::Production => file.load()?,
    };
    for reason in &loaded.warnings {
        tracing::warn!(reason, "the keys are unsafe for production");
    }
    Ok(loaded)
}

/// Removes what has expired.
fn retention<S: ServerStorage>(
    storage: &Arc<S>,
    settings: &Settings,
    clock: &Arc<dyn Clock>,
    keys: &Arc<RwLock<Vec<KeyIdentity>>>,
) -> Retention<S> {
    Retention {
        storage: storage.patient(),
        clock: Arc::clone(clock),
        rules: settings.account_rules(),
        keys: Arc::clone(keys),
        audit_kept_for: settings.audit.keep.get(),
        completed_messages_kept_for: settings.outbox.keep.get(),
    }
}

/// The link that makes the first administrator, with its path: in development, while there is none.
async fn first_administrator(
    settings: &Settings,
    administration: &impl Administration,
    randomness: &dyn Randomness,
) -> (FirstAdministrator, Option<String>) {
    let is_wanted = settings.profile == ServerProfile::Development && settings.admin.bind.is_some();
    if is_wanted && let Ok(false) = administration.has_administrator().await {
        let (first, path) = FirstAdministrator::new(randomness);
        return (first, Some(path));
    }
    (FirstAdministrator::none(), None)
}

/// The use cases of the admin listener.
fn administrators<S>(
    storage: &Arc<S>,
    hasher: &Arc<Argon2Hasher>,
    settings: &Settings,
    clock: &Arc<dyn Clock>,
    randomness: &Arc<dyn Randomness>,
) -> Result<Administrators<S, Argon2Hasher>, ServeError> {
    // A key file of an older version gets a key of deleted users, if it can be written.
    let file = KeysFile::at(settings.keys_file()?);
    let tombstones = match file.tombstone_keys_or_create(&**clock, &**randomness) {
        Err(error @ KeysError::Unwritable(..)) => {
            tracing::warn!(
                "the key file has no key of deleted users, and cannot get one: imports will not know whom /admin/v1 deleted. \
                 Run `asteroid keys rotate` where it can be written. {}",
                in_one_line(&error)
            );
            Vec::new()
        }
        keys => keys?,
    };
    let (storage, hasher) = (Arc::clone(storage), Arc::clone(hasher));
    let (clock, randomness) = (Arc::clone(clock), Arc::clone(randomness));
    let administrators = Administrators::new(storage, hasher, clock, randomness, settings.account_rules());
    Ok(administrators.with_tombstone_keys(tombstone_keys(tombstones)))
}

/// A started server, and its addresses.
struct Listening {
    server: Server,
    address: SocketAddr,
    /// That of the admin listener, if it is on.
    admin: Option<SocketAddr>,
}

/// What the admin listener has beside the parts of the public one.
struct AdminSide<M, D> {
    metrics: M,
    administration: D,
    facts: Facts,
    first: FirstAdministrator,
}

/// Starts the server on its listeners.
fn listen<A, P, R, O, M, D>(
    settings: &Settings,
    parts: Parts<A, P, R, O>,
    admin_side: Option<AdminSide<M, D>>,
) -> Result<Listening, ServeError>
where
    A: auth::AuthUseCases + practice_api::AccountUseCases,
    P: practice_api::PracticeUseCases,
    R: Readiness,
    O: DevelopmentOutbox,
    M: MetricsSource,
    D: Administration,
{
    let http = &settings.http;
    let public = BoundListener::bind("http.bind", http.bind)?;
    let admin = bind_admin(settings)?;
    let address = public.address;
    let admin_address = admin.as_ref().map(|admin| admin.address);
    let server = Server::build()
        .workers(settings.http_workers())
        .shutdown_timeout(http.shutdown_timeout.get().as_secs())
        .disable_signals();
    let wire = WireSettings {
        header_timeout: http.header_timeout.get(),
        header_limit: http.header_limit,
        keep_alive: http.keep_alive.get(),
        write_timeout: http.write_timeout.get(),
    };
    // Where the admin listener listens is known now.
    let console = admin_address.map(|address| format!("http://{address}/admin/"));
    let http_settings = HttpSettings { console, ..HttpSettings::clone(&parts.settings) };
    let parts = Arc::new(Parts { settings: Arc::new(http_settings), ..parts });
    let admin_parts = admin_side.map(|AdminSide { metrics, administration, facts, first }| AdminParts {
        facts: Arc::new(facts),
        first: Arc::new(first),
        accounts: Arc::clone(&parts.accounts),
        api: Arc::new(AdminApi::new(Arc::new(administration), settings.admin.requests_per_minute)),
        http: Arc::clone(&parts.settings),
        readiness: Arc::clone(&parts.readiness),
        metrics: Arc::new(metrics),
        clock: Arc::clone(&parts.clock),
        randomness: Arc::clone(&parts.randomness),
        settings: Arc::new(settings.admin_settings()),
    });
    let mut server = wire::listen("http", server, public.listener, wire, move || app(&parts))
        .map_err(ServeError::Server)?;
    if let (Some(admin), Some(admin_parts)) = (admin, admin_parts) {
        server = wire::listen("admin", server, admin.listener, wire, move || admin_app(&admin_parts))
            .map_err(ServeError::Server)?;
    }
    tracing::info!(
        %address,
        admin = admin_address.map_or_else(|| "off".to_owned(), |address| address.to_string()),
        database = %settings.database.url,
        version = env!("CARGO_PKG_VERSION"),
        "listening"
    );
    Ok(Listening { server: server.run(), address, admin: admin_address })
}

/// Binds the admin listener, unless it is off. In development the default address may be taken, so that two servers start
/// beside each other without any setting.
fn bind_admin(settings: &Settings) -> Result<Option<BoundListener>, ListenError> {
    let Some(address) = settings.admin.bind else { return Ok(None) };
    let is_optional =
        settings.profile == ServerProfile::Development && settings.admin == AdminListenerSettings::default();
    match BoundListener::bind("admin.bind", address) {
        Err(error @ ListenError::InUse { .. }) if is_optional => {
            tracing::warn!("no admin listener: {error}");
            Ok(None)
        }
        bound => bound.map(Some),
    }
}
