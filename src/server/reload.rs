//! Another configuration while requests go on: by SIGHUP, or by `POST /reload` of an operator.

use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};

use super::handler::App;
use super::limit::Limits;
use super::tls::Tls;
use crate::config::{self, Config};

/// What came of a reload: the keys that wait for a restart, or all that is wrong.
pub(super) type Outcome = Result<Vec<&'static str>, String>;

/// Where operators ask for a reload.
pub(super) type Requests = mpsc::Sender<Asked>;

/// Reloads asked for and not begun; more are told to come again.
const WAITING: usize = 4;

/// Somebody who waits for what comes of a reload.
#[derive(Debug)]
pub(super) struct Asked(oneshot::Sender<Outcome>);

impl Asked {
    /// Tells it. Who has left in the meantime is told nothing.
    pub(super) fn answer(self, outcome: Outcome) {
        let _left = self.0.send(outcome);
    }
}

/// Asks for a reload and waits for what comes of it. `None`: nobody does reloads here, or too many
/// wait.
pub(super) async fn ask(requests: &Requests) -> Option<Outcome> {
    let (reply, outcome) = oneshot::channel();
    requests.try_send(Asked(reply)).ok()?;
    outcome.await.ok()
}

/// Holds the configuration in force.
pub(super) struct Reloader {
    app: Arc<App>,
    config: Config,
    file: Option<PathBuf>,
    tls: Option<Arc<Tls>>,
    requests: mpsc::Receiver<Asked>,
}

impl Reloader {
    /// Reads `file` again each time, and takes requests of operators from now on.
    pub(super) fn new(
        app: Arc<App>,
        config: Config,
        file: Option<PathBuf>,
        tls: Option<Arc<Tls>>,
    ) -> Self {
        let (sender, requests) = mpsc::channel(WAITING);
        app.reloads.store(Some(Arc::new(sender)));
        Self {
            app,
            config,
            file,
            tls,
            requests,
        }
    }

    /// The next request of an operator.
    pub(super) async fn asked(&mut self) -> Asked {
        match self.requests.recv().await {
            Some(asked) => asked,
            // The sender lives as long as the app, which this holds.
            None => std::future::pending().await,
        }
    }

    /// Takes the new configuration over where it is sound; else the old one stays in force.
    pub(super) fn reload(&mut self) -> Outcome {
        let Some(file) = &self.file else {
            tracing::info!("nothing to reload: there is no configuration file");
            return Err("there is no configuration file: this is the demo".to_owned());
        };
        let shared = self.app.gateway.load().shared.clone();
        let made = Config::load(file).and_then(|mut config| {
            // `--listen` has won before, and addresses stay as they are until a restart.
            config.listen = self.config.listen;
            config::gateway(&config, shared).map(|gateway| (config, gateway))
        });
        self.app.metrics.reloaded(made.is_ok());
        match made {
            Ok((config, gateway)) => {
                let waiting = config.needs_restart(&self.config);
                for key in &waiting {
                    tracing::warn!(key, "changed, and takes effect after a restart");
                }
                self.app.limits.store(Arc::new(Limits::new(&config)));
                self.app.replace(gateway);
                let tls = self.renew(config.tls.clone());
                tracing::info!("configuration reloaded");
                // Compared with what is in force the next time too.
                let old = &self.config;
                self.config = Config {
                    admin: old.admin,
                    server: config::Server {
                        client_rate: config.server.client_rate,
                        client_header: config.server.client_header.clone(),
                        ..old.server.clone()
                    },
                    tls,
                    log: old.log.clone(),
                    telemetry: old.telemetry.clone(),
                    render: old.render.clone(),
                    cache: old.cache.clone(),
                    ..config
                };
                Ok(waiting)
            }
            Err(error) => {
                tracing::error!("configuration refused, the old one stays in force:\n{error}");
                Err(error.to_string())
            }
        }
    }

    /// Reads the certificate again; one that cannot be used is refused and the old one stays. The
    /// listener stays as it is.
    fn renew(&self, new: Option<config::Tls>) -> Option<config::Tls> {
        let (tls, old) = (self.tls.as_ref()?, self.config.tls.clone()?);
        let files = config::Tls {
            listen: old.listen,
            ..new.unwrap_or(old)
        };
        if let Err(error) = tls.reload(&files) {
            tracing::error!(%error, "certificate refused, the old one stays in force");
        }
        Some(files)
    }
}
