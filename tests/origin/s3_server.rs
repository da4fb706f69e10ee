//! A real S3-protocol server on loopback, which checks signatures, counts calls and has rights that a
//! test can take away.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use cldgate::origin::s3;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use s3s::access::{S3Access, S3AccessContext};
use s3s::auth::SimpleAuth;
use s3s::path::S3Path;
use s3s::service::S3ServiceBuilder;
use s3s::{S3Result, s3_error};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::gateway::scratch;

pub const ACCESS_KEY: &str = "AKIACLDGATETEST";
pub const SECRET_KEY: &str = "a secret that only tests know";
pub const BUCKET: &str = "acme-backup";

/// A running server with one bucket. It stops when it is dropped, and its objects go with it.
pub struct S3Server {
    pub endpoint: String,
    root: PathBuf,
    rights: Arc<Rights>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

#[derive(Default)]
struct Rights {
    root: PathBuf,
    denied: Mutex<BTreeSet<String>>,
    calls: Mutex<BTreeMap<String, u64>>,
    delay: Mutex<Duration>,
}

impl S3Server {
    /// Starts it on a thread of its own, so that it answers whatever the test waits for.
    pub fn start() -> Self {
        let root = scratch("s3");
        std::fs::create_dir_all(root.join(BUCKET)).expect("a bucket");
        let rights = Arc::new(Rights {
            root: root.clone(),
            ..Rights::default()
        });
        let mut builder =
            S3ServiceBuilder::new(s3s_fs::FileSystem::new(&root).expect("a file system"));
        builder.set_auth(SimpleAuth::from_single(ACCESS_KEY, SECRET_KEY));
        builder.set_access(Access(rights.clone()));
        let service = builder.build();
        let (stop, stopped) = oneshot::channel::<()>();
        let (tell, told) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime");
            runtime.block_on(async {
                let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
                tell.send(listener.local_addr().expect("an address"))
                    .expect("somebody waits");
                let serve = async {
                    loop {
                        let (socket, _) = listener.accept().await.expect("a connection");
                        let service = service.clone();
                        tokio::spawn(async move {
                            let _ended = Builder::new(TokioExecutor::new())
                                .serve_connection(TokioIo::new(socket), service)
                                .await;
                        });
                    }
                };
                tokio::select! {
                    () = serve => {}
                    _ = stopped => {}
                }
            });
        });
        let address = told
            .recv_timeout(Duration::from_secs(10))
            .expect("the server starts");
        Self {
            endpoint: format!("http://{address}"),
            root,
            rights,
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    /// The folder that holds the bucket's objects.
    pub fn bucket(&self) -> PathBuf {
        self.root.join(BUCKET)
    }

    /// How to reach the bucket.
    pub fn config(&self) -> s3::Config {
        s3::Config {
            endpoint: Some(self.endpoint.clone()),
            path_style: true,
            keys: Some(s3::Keys {
                access: ACCESS_KEY.to_owned(),
                secret: SECRET_KEY.to_owned(),
            }),
            ..s3::Config::new(BUCKET)
        }
    }

    /// The same as lines of a configuration; the keys are in the environment of [`S3Server::secrets`].
    pub fn toml(&self) -> String {
        format!(
            "bucket = \"{BUCKET}\"\nendpoint = \"{}\"\npath_style = true\n\
             access_key = {{ env = \"CLDGATE_TEST_ACCESS_KEY\" }}\n\
             secret_key = {{ env = \"CLDGATE_TEST_SECRET_KEY\" }}\n",
            self.endpoint
        )
    }

    /// Takes away the right to an operation, such as `ListObjectsV2`.
    pub fn deny(&self, operation: &str) {
        let mut denied = self.rights.denied.lock().expect("not poisoned");
        denied.insert(operation.to_owned());
    }

    /// Gives it back.
    pub fn allow(&self, operation: &str) {
        let mut denied = self.rights.denied.lock().expect("not poisoned");
        denied.remove(operation);
    }

    /// Every answer waits this long.
    pub fn delay(&self, delay: Duration) {
        *self.rights.delay.lock().expect("not poisoned") = delay;
    }

    /// Calls so far: of one operation, or with an empty name of all.
    pub fn calls(&self, operation: &str) -> u64 {
        let calls = self.rights.calls.lock().expect("not poisoned");
        calls
            .iter()
            .filter(|(name, _)| operation.is_empty() || *name == operation)
            .map(|(_, count)| count)
            .sum()
    }
}

impl Drop for S3Server {
    fn drop(&mut self) {
        let _gone = self.stop.take().map(|stop| stop.send(()));
        let _ended = self.thread.take().map(std::thread::JoinHandle::join);
        let _removed = std::fs::remove_dir_all(&self.root);
    }
}

struct Access(Arc<Rights>);

impl Access {
    async fn decide(&self, cx: &S3AccessContext<'_>) -> S3Result<()> {
        let operation = cx.s3_op().name().to_owned();
        let delay = *self.0.delay.lock().expect("not poisoned");
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
        *self
            .0
            .calls
            .lock()
            .expect("not poisoned")
            .entry(operation.clone())
            .or_default() += 1;
        if cx.credentials().is_none() {
            return Err(s3_error!(AccessDenied, "Signature is required"));
        }
        let denied = self.0.denied.lock().expect("not poisoned").clone();
        // As S3 does: who may not list is not told that a key is missing.
        let hides = denied.contains("ListObjectsV2")
            && ["GetObject", "HeadObject"].contains(&operation.as_str())
            && match cx.s3_path() {
                S3Path::Object { bucket, key } => {
                    !self.0.root.join(&**bucket).join(&**key).is_file()
                }
                _ => false,
            };
        if denied.contains(&operation) || hides {
            return Err(s3_error!(AccessDenied, "Access Denied"));
        }
        Ok(())
    }
}

// What the trait's macro makes of `async fn check`, without the macro's crate.
impl S3Access for Access {
    fn check<'a, 'b, 'c, 'r>(
        &'a self,
        cx: &'b mut S3AccessContext<'c>,
    ) -> Pin<Box<dyn Future<Output = S3Result<()>> + Send + 'r>>
    where
        'a: 'r,
        'b: 'r,
        'c: 'r,
        Self: 'r,
    {
        Box::pin(self.decide(cx))
    }
}
