//! Starting and stopping: what requests share, the listener, and the order in which things end.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::middleware::{Compress, from_fn};
use actix_web::web::Data;
use actix_web::{App, HttpServer};
use metrics_exporter_prometheus::PrometheusHandle;
use rustls::ServerConfig;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};

use super::auth::KeyRing;
use super::drain::Drain;
use super::{metrics, routes, tls, trace};
use crate::config::{Settings, without_password};
use crate::domain::access::Scope;
use crate::domain::audit::{Actor, AuditEntry};
use crate::domain::workspace::WorkspaceId;
use crate::graphql::{self, AppSchema};
use crate::ingest::{Ingest, IngestSettings};
use crate::store::api_key::{self, NewApiKey};
use crate::store::{self, Store};
use crate::{Error, Result};

/// The workspace that the first start makes.
pub const DEFAULT_WORKSPACE: WorkspaceId = WorkspaceId(1);

/// A chosen key shorter than this can be guessed.
const GOOD_KEY_CHARS: usize = 32;

/// How long an idle connection is kept open.
const KEEP_ALIVE: Duration = Duration::from_secs(75);

/// What every request shares.
pub struct AppState {
    /// The database.
    pub store: Store,
    /// The one way in.
    pub ingest: Ingest,
    /// The GraphQL schema.
    pub schema: AppSchema,
    /// The settings.
    pub settings: Settings,
    /// Keys that were looked up.
    pub keys: KeyRing,
    /// The door, closed when the server stops.
    pub drain: Drain,
    /// What `/metrics` shows.
    pub metrics: PrometheusHandle,
}

/// A server that answers.
pub struct RunningServer {
    /// Where it listens: with port 0 in the settings, the port that it got.
    pub addr: SocketAddr,
    /// The admin key, when this start made a random one. It cannot be read again.
    pub new_admin_key: Option<String>,
    /// What its requests share.
    pub state: Data<AppState>,
    handle: ServerHandle,
    tasks: [JoinHandle<()>; 3],
}

/// Opens the database and serves. Returns when requests are answered.
pub async fn start(settings: Settings) -> Result<RunningServer> {
    // First the port: when it is taken, nothing else should have been touched.
    let listener = bind(&settings.listen)?;
    // Then the certificate, which is a person's to mend as well.
    let tls = settings.tls.as_ref().map(tls::server_config).transpose()?;
    let addr = listener.local_addr().map_err(|error| cannot_listen(&settings.listen, &error))?;
    let store = store::open(&settings.database).await?;
    tracing::info!("the database {} is open", without_password(&settings.database.url));
    let new_admin_key = ensure_admin_key(&store, settings.admin_key.as_deref()).await?;
    let ingest = Ingest::start(&store, IngestSettings::from(&settings))?;
    let state = Data::new(AppState {
        schema: graphql::schema(store.clone(), ingest.clone()),
        metrics: metrics::install()?,
        keys: KeyRing::default(),
        drain: Drain::default(),
        store,
        ingest,
        settings,
    });
    let (handle, serving) = serve(listener, tls, state.clone())?;
    let upkeep = tokio::spawn(metrics::upkeep(state.metrics.clone()));
    let watch = tokio::spawn(metrics::watch_quarantine(state.store.clone()));
    Ok(RunningServer { addr, new_admin_key, state, handle, tasks: [serving, upkeep, watch] })
}

impl RunningServer {
    /// The URL of the server.
    pub fn url(&self) -> String {
        let scheme = if self.state.settings.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.addr)
    }

    /// Takes nothing more, finishes what was taken, and ends within the drain time.
    pub async fn stop(self) {
        let deadline = Instant::now() + self.state.settings.drain_timeout;
        self.handle.pause().await;
        self.state.drain.close(deadline).await;
        self.handle.stop(false).await;
        if timeout_at(deadline, self.state.ingest.stop()).await.is_err() {
            tracing::error!("the drain time ended before everything that waited was committed");
        }
        self.tasks.iter().for_each(JoinHandle::abort);
    }

    /// Waits until the listener ends by itself, which it does only when something is broken.
    pub async fn failed(&mut self) {
        let [serving, ..] = &mut self.tasks;
        let _ended = serving.await;
    }
}

fn bind(listen: &str) -> Result<TcpListener> {
    TcpListener::bind(listen).map_err(|error| cannot_listen(listen, &error))
}

fn cannot_listen(listen: &str, error: &std::io::Error) -> Error {
    Error::Config(format!("setting listen is {listen}, where the server cannot listen: {error}"))
}

fn serve(
    listener: TcpListener,
    tls: Option<ServerConfig>,
    state: Data<AppState>,
) -> Result<(ServerHandle, JoinHandle<()>)> {
    let drain_timeout_s = state.settings.drain_timeout.as_secs();
    let (listen, workers) = (state.settings.listen.clone(), state.settings.http_workers);
    let server = HttpServer::new(move || {
        let app = App::new().app_data(state.clone()).configure(routes);
        app.wrap(Compress::default()).wrap(from_fn(trace::trace))
    });
    // Without it an answer written in two parts waits 40 ms for the client's delayed acknowledgement.
    let server = server.tcp_nodelay(true);
    let server = server.disable_signals().keep_alive(KEEP_ALIVE).shutdown_timeout(drain_timeout_s);
    let server = match workers {
        Some(workers) => server.workers(workers),
        None => server,
    };
    let listening = match tls {
        Some(tls) => server.listen_rustls_0_23(listener, tls),
        None => server.listen(listener),
    };
    let running = listening.map_err(|error| cannot_listen(&listen, &error))?.run();
    let handle = running.handle();
    let serving = tokio::spawn(async move {
        if let Err(error) = running.await {
            tracing::error!(%error, "the listener ended");
        }
    });
    Ok((handle, serving))
}

/// The key of the settings exists and admits; without one in the settings, a first start makes a random one.
async fn ensure_admin_key(store: &Store, chosen: Option<&str>) -> Result<Option<String>> {
    let new = NewApiKey { name: "first".to_owned(), scope: Scope::Admin, expires_at: None };
    if let Some(key) = chosen {
        if key.len() < GOOD_KEY_CHARS {
            tracing::warn!("setting admin_key has {} characters: use {GOOD_KEY_CHARS} random ones", key.len());
        }
        let new = NewApiKey { name: "admin_key setting".to_owned(), ..new };
        api_key::ensure(store, DEFAULT_WORKSPACE, &new, key).await?;
        return Ok(None);
    }
    if !api_key::list(store, DEFAULT_WORKSPACE).await?.is_empty() {
        return Ok(None);
    }
    let entry = AuditEntry::new(Actor::server(), "apiKeyCreate");
    Ok(Some(api_key::create(store, DEFAULT_WORKSPACE, &new, &entry).await?.key))
}

impl From<&Settings> for IngestSettings {
    fn from(settings: &Settings) -> Self {
        Self {
            rules: Arc::clone(&settings.rules),
            queue_capacity: settings.queue_capacity,
            committers: settings.committers,
            commit_wait: settings.commit_wait,
            ..Self::default()
        }
    }
}
