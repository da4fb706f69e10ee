//! A real S3-protocol server on loopback, which checks signatures, counts calls and has rights that a
//! test can take away.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use cldgate::origin::s3;
use s3s::access::{S3Access, S3AccessContext};
use s3s::auth::SimpleAuth;
use s3s::path::S3Path;
use s3s::service::S3ServiceBuilder;
use s3s::{S3Result, s3_error};

use super::loopback::Loopback;
use crate::gateway::scratch;

pub const ACCESS_KEY: &str = "AKIACLDGATETEST";
pub const SECRET_KEY: &str = "a secret that only tests know";
pub const BUCKET: &str = "acme-backup";

/// A running server with one bucket. It stops when it is dropped, and its objects go with it.
pub struct S3Server {
    pub endpoint: String,
    root: PathBuf,
    rights: Arc<Rights>,
    running: Option<Loopback>,
}

#[derive(Default)]
struct Rights {
    root: PathBuf,
    denied: Mutex<BTreeSet<String>>,
    calls: Mutex<BTreeMap<String, u64>>,
    delay: Mutex<Duration>,
}

impl S3Server {
    /// Starts it with an empty bucket.
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
        let running = Loopback::start(builder.build());
        Self {
            endpoint: format!("http://{}", running.address),
            root,
            rights,
            running: Some(running),
        }
    }

    /// Where it listens.
    pub fn address(&self) -> std::net::SocketAddr {
        self.running.as_ref().expect("it runs").address
    }

    /// The folder that holds the bucket's objects.
    pub fn bucket(&self) -> PathBuf {
        self.root.join(BUCKET)
    }

    /// How to reach the bucket.
    pub fn config(&self) -> s3::Config {
        self.config_at(&self.endpoint)
    }

    /// The same, through another address.
    pub fn config_at(&self, endpoint: &str) -> s3::Config {
        s3::Config {
            endpoint: Some(endpoint.to_owned()),
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
        toml(&self.endpoint)
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

/// Lines of a configuration for the bucket behind an address.
pub fn toml(endpoint: &str) -> String {
    format!(
        "bucket = \"{BUCKET}\"\nendpoint = \"{endpoint}\"\npath_style = true\n\
         access_key = {{ env = \"CLDGATE_TEST_ACCESS_KEY\" }}\n\
         secret_key = {{ env = \"CLDGATE_TEST_SECRET_KEY\" }}\n"
    )
}

impl Drop for S3Server {
    fn drop(&mut self) {
        drop(self.running.take());
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
