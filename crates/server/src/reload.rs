//! SIGHUP: the keys, the templates and the log level are read again, while the server goes on.

use std::error::Error;
use std::io::{self, IsTerminal};
use std::sync::{Arc, PoisonError, RwLock};

use asteroid_application::KeyRegister;
use asteroid_jwt::JwtSigner;
use asteroid_keyring::{KeysFile, LoadedKeys};
use asteroid_messaging::MessageRenderer;
use asteroid_runtime::ReloadSignal;
use asteroid_verification::{CodeKeys, KeyIdentity};
use tokio::sync::Notify;

use crate::config::{Configuration, Settings, Sources};
use crate::keys::token_signer;
use crate::logging::LogLevel;
use crate::reasons::reasons;
use crate::storage::ServerStorage;
use crate::{messages, readiness};

/// What can be read again, and where it comes from.
#[derive(Clone, Debug)]
pub(crate) struct Reload {
    /// Where the configuration is read from. The environment is that of the start.
    pub(crate) sources: Sources,
    /// The level of the log.
    pub(crate) log_level: LogLevel,
}

/// The parts of a running server that are replaced.
pub(crate) struct Reloader<S> {
    pub(crate) reload: Reload,
    /// The settings that the server was started with.
    pub(crate) settings: Settings,
    pub(crate) codes: Arc<CodeKeys>,
    pub(crate) signer: Arc<JwtSigner>,
    pub(crate) identities: Arc<RwLock<Vec<KeyIdentity>>>,
    pub(crate) renderer: MessageRenderer,
    pub(crate) register: KeyRegister<S>,
    /// Told when the terminal that the server was started in is closed, which also sends the signal.
    pub(crate) terminal_closed: Arc<Notify>,
}

impl<S: ServerStorage> Reloader<S> {
    /// Reloads on every signal, for ever.
    pub(crate) async fn run(self, mut signal: ReloadSignal) {
        let had_terminal = io::stdin().is_terminal();
        loop {
            signal.received().await;
            if had_terminal && !io::stdin().is_terminal() {
                self.terminal_closed.notify_one();
                continue;
            }
            match self.reload().await {
                Ok(()) => tracing::info!("reloaded keys, templates and the log level"),
                Err(error) => {
                    tracing::error!(error = reasons(&*error), "reload failed, nothing was changed");
                }
            }
        }
    }

    /// Reads everything before it replaces anything.
    async fn reload(&self) -> Result<(), Box<dyn Error>> {
        let mut configuration = Configuration::read(&self.reload.sources);
        readiness::check(&mut configuration);
        let read = configuration.valid()?.settings;
        let settings =
            Settings { keys: read.keys, log: read.log, messages: read.messages, ..self.settings.clone() };
        let LoadedKeys { codes, tokens, identities, warnings } =
            KeysFile::at(settings.keys_file()?).load()?;
        for reason in &warnings {
            tracing::warn!(reason, "the keys are unsafe for production");
        }
        let signer = token_signer(tokens)?;
        let renderer = messages::renderer(&settings)?;
        self.register.record(&identities).await?;

        self.codes.replace(codes);
        self.signer.replace(signer);
        *self.identities.write().unwrap_or_else(PoisonError::into_inner) = identities;
        self.renderer.replace(&renderer);
        Ok(self.reload.log_level.set(&settings.log.level)?)
    }
}
